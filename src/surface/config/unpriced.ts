import type { Config } from './schema.ts';

/** What a configuration allows and nobody means: quotas of money over models without a price. */
export function unpriced({ models, policy }: Config): string[] {
  const ofMoney = policy.quotas.filter(({ measure }) => measure === 'money');
  return models.flatMap(({ id, groups, price }) => {
    const over = ofMoney.filter(({ only }) => {
      const named = only?.models?.includes(id) ?? true;
      return named && (only?.groups?.some((group) => groups.includes(group)) ?? true);
    });
    if (price !== undefined || over.length === 0) return [];
    const ids = over.map((quota) => `\`${quota.id}\``).join(', ');
    const mend = 'give it one, `{ input: 0, output: 0 }` if it is free';
    return [`model \`${id}\` has no price, so every call of it under ${ids} is refused; ${mend}`];
  });
}
