import { type Json, type JsonObject, type Level, passes, stricter } from '../../kernel/index.ts';
import type { Block } from '../contract/index.ts';
import { type DecisionEntry, textIn } from './decision-entry.ts';
import { isGrant } from './grant.ts';
import type { Call } from './outcome.ts';
import { counted, masked, reasons } from './words.ts';

type Name = Block['block'];
type Findings = DecisionEntry['findings'];

const stagesOf: Readonly<Record<Name, readonly string[]>> = {
  input: ['enter', 'input'],
  model: ['model'],
  output: ['output'],
  action: ['action'],
};

const factsOf: Readonly<Record<Name, readonly string[]>> = {
  input: ['protocol', 'stream', 'policySet', 'parent', 'grant', 'scopes', 'bound', 'jti'],
  model: ['asked', 'route', 'served', 'upstream', 'attempts', 'reserved', 'quota'],
  output: [
    'status',
    'usage',
    'ms',
    'released',
    'ended',
    'error',
    'why',
    'truncated',
    'charged',
    'quota',
  ],
  action: ['tool', 'server', 'definition', 'arguments', 'result'],
};

/** The path of a call as its four blocks: input, model version, output, action. */
export function pathOf(call: Call): readonly Block[] {
  const { inbound, earlier, output, actions } = call;
  const served = output === null ? {} : picked('model', output.facts);
  const tried = earlier.length === 0 ? {} : { away: earlier.map(({ facts }) => facts['route']) };
  const model = blockOf('model', asks(inbound) ? inbound : null);
  return [
    blockOf('input', inbound),
    { ...model, facts: { ...model.facts, ...served, ...tried }, text: modelText(inbound, output) },
    outputBlock(inbound, output),
    actionBlock(actions),
  ];
}

function outputBlock(inbound: DecisionEntry | null, output: DecisionEntry | null): Block {
  const given = inbound !== null && isGrant(inbound) && passes(inbound.level);
  if (output !== null || !given) return blockOf('output', output);
  return { ...missing('output'), text: 'a token was given; the record holds its id alone' };
}

function blockOf(name: Name, one: DecisionEntry | null): Block {
  if (one === null) return missing(name);
  const findings = one.findings.filter(({ stage }) => stagesOf[name].includes(stage));
  // What one decision said of a question and its answer at once, it masked in the answer.
  const masks = name === 'model' || (name === 'input' && out(one)) ? [] : one.masks;
  const level = levelOf(name, one, findings);
  return {
    block: name,
    reached: true,
    level,
    text: textOf(name, one, level, findings),
    at: one.at,
    index: one.index,
    facts: { ...picked(name, one.facts), ...(name === 'input' ? one.measures : {}) },
    masks: [...masks],
    findings: findings.map(({ stage: _stage, ...told }) => told),
    controls: name === 'model' ? [] : [...one.controls],
    bodies: name === 'model' ? [] : one.bodies.map((body) => ({ ...body })),
  };
}

function out({ stages }: DecisionEntry): boolean {
  return stages.includes('output');
}

/** A decision of several stages has one level; each stage's own comes from its findings. */
function levelOf(name: Name, one: DecisionEntry, findings: Findings): Level {
  if (name === 'action' || (name === 'output' && one.stages.length === 1)) return one.level;
  const enforced = findings.filter(({ mode }) => mode === 'enforce');
  const least: Level = name === 'input' && one.maskCount > 0 && !out(one) ? 'amend' : 'allow';
  return enforced.reduce<Level>((level, finding) => stricter(level, finding.level), least);
}

function textOf(name: Name, one: DecisionEntry, level: Level, findings: Findings): string {
  if (level === 'deny') return `refused: ${reasons({ findings, level })}`;
  if (level === 'hold') return `held for a person: ${reasons({ findings, level })}`;
  if (!passes(one.level)) return 'nothing was found against it';
  const way = name === 'input' ? 'in' : 'out';
  if (level === 'amend') return `passed with ${masked(one)} masked on the way ${way}`;
  return name === 'action' ? 'let through' : 'passed unchanged';
}

/** Listing models, or taking a token, passes the checkpoint and asks no model. */
function asks(inbound: DecisionEntry | null): boolean {
  return inbound !== null && inbound.resource['type'] !== 'gateway' && !isGrant(inbound);
}

function modelText(inbound: DecisionEntry | null, output: DecisionEntry | null): string {
  if (inbound === null) return missing('model').text;
  if (!asks(inbound)) return 'no model was asked';
  const findings = inbound.findings.filter(({ stage }) => stage === 'model');
  const level = levelOf('model', inbound, findings);
  if (!passes(inbound.level)) return textOf('model', inbound, level, findings);
  const route = textIn(inbound.facts, 'route') || textIn(inbound.resource, 'id');
  if (output === null) return `${route || 'no version'} was chosen; no answer is on record`;
  const served = textIn(output.facts, 'served');
  const upstream = textIn(output.facts, 'upstream');
  const where = upstream === '' ? '' : ` by ${upstream}`;
  return `${route}${served === '' ? '' : ` answered as ${served}`}${where}`;
}

function actionBlock(actions: readonly DecisionEntry[]): Block {
  const [only] = actions;
  if (only === undefined) return missing('action');
  if (actions.length === 1) return blockOf('action', only);
  const blocks = actions.map((one) => blockOf('action', one));
  const level = blocks.reduce<Level>(
    (all, { level: one }) => stricter(all, one ?? 'deny'),
    'allow',
  );
  const passed = actions.filter((one) => passes(one.level)).length;
  return {
    ...blockOf('action', only),
    level,
    text: `${counted(passed, 'action')} of ${actions.length} let through`,
    facts: { actions: blocks.map(({ facts, index }) => ({ index, ...facts })) },
    masks: blocks.flatMap(({ masks }) => masks),
    findings: blocks.flatMap(({ findings }) => findings),
    controls: [...new Set(blocks.flatMap(({ controls }) => controls))],
    bodies: blocks.flatMap(({ bodies }) => bodies),
  };
}

function missing(name: Name): Block {
  const text = name === 'action' ? 'no action was taken' : 'not reached';
  const nothing = { masks: [], findings: [], controls: [], bodies: [], facts: {} };
  return { block: name, reached: false, level: null, text, at: null, index: null, ...nothing };
}

function picked(name: Name, facts: JsonObject): Record<string, Json> {
  const found: Record<string, Json> = {};
  for (const key of factsOf[name]) {
    const value = facts[key];
    if (value !== undefined && value !== null) found[key] = value;
  }
  return found;
}
