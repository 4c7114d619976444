/** Imported for its effect: from then on the backend 'blas' can be asked for by name. */
import { provideBackend } from '../../current.ts';
import { createBlasBackend } from './find.ts';

provideBackend('blas', () => createBlasBackend());
