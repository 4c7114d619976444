import fc from 'fast-check';

/**
 * What properties are tried on follows from one seed, as everything here does: a suite that passed passes again. `PROPERTY_SEED=7 npx vitest run
 * --project node` tries them on other values; a number that fails is a test to add.
 */
fc.configureGlobal({ seed: Number(process.env.PROPERTY_SEED ?? 1) });
