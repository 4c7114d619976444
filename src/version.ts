declare const CHAINRULE_VERSION: string | undefined;

/** The version of this package; `source` where it runs from its sources, without a build. */
export const version: string = typeof CHAINRULE_VERSION === 'string' ? CHAINRULE_VERSION : 'source';
