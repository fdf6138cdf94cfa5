import { rename, rm, writeFile } from 'node:fs/promises';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-code.ts';
import { counted } from '../output/human.ts';
import type { Backup } from '../resources.ts';
import { oneOf, text } from '../verb/option.ts';
import { verb } from '../verb/verb.ts';

/** More backups than a repository will hold for a long time; an inventory is of all. */
const ALL = 1_000_000;

export const exportInventory = verb({
  name: 'export <file>',
  summary: 'Write an inventory of all backups to a file',
  about:
    'What a disaster plan needs on paper: ids, times, data sets, sizes, checksums, and where each lies in the repository. An existing file is replaced in one step.',
  offline: true,
  examples: [
    ['dr export inventory.json', 'everything as JSON'],
    ['dr export backups.csv --tenant-id acme', "one tenant's backups as a table for a spreadsheet"],
  ],
  options: {
    tenantId: text('T', "only this tenant's (default: all that the key may see)"),
    format: oneOf(['json', 'csv'], "(default: by the file's ending, else json)"),
  },
  run: async ({ file, tenantId, format }, context) => {
    const desk = await context.desk();
    const { backups, problems } = await desk.list({ tenant: tenantId, limit: ALL });
    const asCsv = (format ?? (file.endsWith('.csv') ? 'csv' : 'json')) === 'csv';
    await replaceFile(context.path(file), asCsv ? csvOf(backups) : jsonOf(backups, problems, context));
    for (const problem of problems) context.out.say(`Left out: ${problem}`);
    context.out.answer(
      { file: context.path(file), backups: backups.length, problems },
      () => `Written: ${file} (${counted(backups.length, 'backup')})`,
    );
    return problems.length > 0 ? EXIT.partial : EXIT.ok;
  },
});

function jsonOf(backups: readonly Backup[], problems: readonly string[], { machine }: Context): string {
  return `${JSON.stringify({ made_at: new Date(machine.now()).toISOString(), backups, problems }, null, 2)}\n`;
}

const COLUMNS = [
  'backup_id',
  'timestamp',
  'tenant_id',
  'type',
  'status',
  'dataset_ids',
  'size_bytes',
  'compressed_size_bytes',
  'checksum',
  'storage_path',
  'verified_at',
  'error_message',
] as const satisfies readonly (keyof Backup)[];

/** RFC 4180. A cell that a spreadsheet would take for a formula gets a quote in front. */
function csvOf(backups: readonly Backup[]): string {
  const cell = (value: unknown): string => {
    const plain = Array.isArray(value) ? value.join(' ') : String(value ?? '');
    const harmless = /^[=+\-@\t\r]/.test(plain) ? `'${plain}` : plain;
    return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
  };
  const rows = backups.map((backup) => COLUMNS.map((column) => cell(backup[column])).join(','));
  return [COLUMNS.join(','), ...rows].map((row) => `${row}\r\n`).join('');
}

/** The old file or the whole new one, whatever happens. @throws the error of node:fs. */
async function replaceFile(file: string, content: string): Promise<void> {
  const fresh = `${file}.new-${process.pid}`;
  try {
    await writeFile(fresh, content, { flush: true });
    await rename(fresh, file);
  } catch (error) {
    await rm(fresh, { force: true });
    throw error;
  }
}
