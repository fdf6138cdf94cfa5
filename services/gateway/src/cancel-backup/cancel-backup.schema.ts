import * as z from 'zod';
import { cleanText } from '../http/text.ts';

/** CONTRACT section 2, POST /backups/{id}/cancel. The reason is for the audit trail: its words lie in an erasable row. */
export const cancelBackupBody = z.strictObject({ reason: cleanText(4096).optional() }).prefault({});

export type CancelBackupBody = z.infer<typeof cancelBackupBody>;
