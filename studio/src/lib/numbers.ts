/** Numbers as the library's own renderers write them. */
export { short } from '../../../src/explain/text.ts';
