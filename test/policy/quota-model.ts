import type { QuotaOutcome } from '../../src/policy/index.ts';

/** The quotas of the model: tokens and requests of each agent, calls at a time of an owner. */
export const modelQuotas = [
  { id: 'tokens', of: 'agent', measure: 'tokens', limit: 300, per: 'ever' },
  { id: 'requests', of: 'agent', measure: 'requests', limit: 12, per: 'ever' },
  { id: 'at-once', of: 'owner', measure: 'concurrency', limit: 3 },
] as const;

interface Hold {
  readonly process: number;
  readonly agent: string;
  readonly least: number;
  held: number;
  swept: boolean;
}

/** What quotas should do, in as few words as can be: one owner, in memory, one after another. */
export class QuotaModel {
  readonly tokens = new Map<string, { used: number; reserved: number }>();
  readonly requests = new Map<string, number>();
  readonly holds = new Map<string, Hold>();

  atOnce(): number {
    return [...this.holds.values()].filter(({ swept }) => !swept).length;
  }

  balance(agent: string): { used: number; reserved: number } {
    const balance = this.tokens.get(agent) ?? { used: 0, reserved: 0 };
    this.tokens.set(agent, balance);
    return balance;
  }

  reserve(id: string, process: number, agent: string, input: number, output: number): boolean {
    const balance = this.balance(agent);
    const requests = this.requests.get(agent) ?? 0;
    const held = input + output;
    if (balance.used + balance.reserved + held > 300 || requests >= 12 || this.atOnce() >= 3) {
      return false;
    }
    balance.reserved += held;
    this.requests.set(agent, requests + 1);
    this.holds.set(id, { process, agent, least: input, held, swept: false });
    return true;
  }

  settle(id: string, outcome: QuotaOutcome): void {
    const hold = this.holds.get(id);
    if (hold === undefined) return;
    this.holds.delete(id);
    const balance = this.balance(hold.agent);
    if (hold.swept) balance.used -= hold.least;
    else balance.reserved -= hold.held;
    if (outcome.kind === 'used') balance.used += outcome.input + outcome.output;
    if (outcome.kind === 'unknown') {
      balance.used += Math.min(hold.held, hold.least + outcome.output);
    }
  }

  /** Settles what processes left that died. */
  sweep(alive: (process: number) => boolean): void {
    for (const hold of this.holds.values()) {
      if (hold.swept || alive(hold.process)) continue;
      hold.swept = true;
      const balance = this.balance(hold.agent);
      balance.reserved -= hold.held;
      balance.used += hold.least;
    }
  }
}
