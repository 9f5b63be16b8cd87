export { type ControlOptions, type ControlPlane, controlPlane } from './control-plane.ts';
export type { ControlListen } from './listen.ts';
export type {
  ControlParts,
  Guard,
  Log,
  PolicyDesk,
  Random,
  Settings,
  TokenKeys,
} from './parts.ts';
export { settingsIn } from './settings.ts';
export { type SetupToken, setupToken } from './setup-token.ts';
