// Compiles the messages, for a type check without a build.
import { compile } from '@inlang/paraglide-js';
import { paraglideOptions } from './paraglide.mjs';

await compile(paraglideOptions);
