/** Data sets that one restorer stages at the same time. */
export const RESTORES_AT_ONCE = 2;
