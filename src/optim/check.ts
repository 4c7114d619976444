/** Refusing options out of range, in one form everywhere: what was given, and what is allowed. */
import { UserError } from '../errors.ts';

/** An error unless `ok`. */
export function checkOption(ok: boolean, owner: string, option: string, value: unknown, allowed: string): void {
  if (!ok) throw new UserError(`${owner}: ${option} is ${String(value)}; it must be ${allowed}`);
}

/** At least 0, and finite. */
export function checkAtLeast0(owner: string, options: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(options)) {
    checkOption(value >= 0 && value < Number.POSITIVE_INFINITY, owner, name, value, 'a number of at least 0');
  }
}

/** Above 0, and finite. */
export function checkAbove0(owner: string, options: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(options)) {
    checkOption(value > 0 && value < Number.POSITIVE_INFINITY, owner, name, value, 'a number above 0');
  }
}

/** A share: at least 0 and below 1. */
export function checkShare(owner: string, options: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(options)) {
    checkOption(value >= 0 && value < 1, owner, name, value, 'at least 0 and below 1');
  }
}

/** A count: whole, at least `least`. */
export function checkWhole(owner: string, options: Readonly<Record<string, number>>, least: number): void {
  for (const [name, value] of Object.entries(options)) {
    checkOption(Number.isInteger(value) && value >= least, owner, name, value, `a whole number of at least ${least}`);
  }
}

/** The pair of decay rates of Adam and its kin. */
export function checkBetas(owner: string, betas: readonly number[]): void {
  checkOption(Array.isArray(betas) && betas.length === 2, owner, 'betas', `[${betas}]`, 'two numbers');
  betas.forEach((beta, i) => {
    checkShare(owner, { [`betas[${i}]`]: beta });
  });
}
