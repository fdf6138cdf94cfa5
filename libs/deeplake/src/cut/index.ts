export { type AsOfChoice, chooseAsOf, type Unreached } from './choose-as-of.ts';
export { cutToVersion } from './cut-to-version.ts';
export { composed, editedView } from './edited-view.ts';
export { CannotCut, NotThatFarBack, VersionUnknown } from './errors.ts';
export type { CutOff, CutVersion, VersionCut, VersionWish } from './version-cut.ts';
