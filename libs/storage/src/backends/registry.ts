import type { Backend } from './backend.ts';
import { local } from './local/local.backend.ts';

/** Every backend this version knows of: one folder and one line each. */
export const backends: readonly Backend[] = [
  local,
  { scheme: 's3', name: 'Amazon S3 and compatible stores' },
  { scheme: 'gs', name: 'Google Cloud Storage' },
  { scheme: 'az', name: 'Azure Blob Storage' },
];
