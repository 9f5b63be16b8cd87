// For editors and for `npx depcruise src`; `npm run check` builds the same from the same array.
import { cruiseOptions, importRules } from './scripts/floors/import-rules.ts';

const { ruleSet: _, validate: __, ...options } = cruiseOptions();
export default { forbidden: importRules(), options };
