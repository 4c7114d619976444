/** Steps a second that can be chosen; 0: as many as there can be. */
export const speeds = [0, 1, 5, 20, 100] as const;
export type Speed = (typeof speeds)[number];
