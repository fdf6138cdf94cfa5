import { UsageError } from '../errors.ts';
import { EXIT } from '../exit-code.ts';
import { flag } from '../verb/option.ts';
import { verb } from '../verb/verb.ts';

export const adoptRollback = verb({
  name: 'repo adopt-rollback',
  summary: 'Accept a repository that shows less than has been seen in it, or a new one in its place',
  about: [
    'A house remembers how far the repository had come. One that was set back, or an empty disk in its place, is only read, and says so in dr test and',
    '/health/ready. When the newer state cannot be had back, this accepts what is there; the audit trail says who did. Needs an admin key of all tenants.',
  ].join('\n'),
  examples: [['dr repo adopt-rollback --yes', 'from here on it takes backups again']],
  options: { yes: flag('do it: what is missing in the repository is gone then') },
  run: async ({ yes }, { api, out }) => {
    if (!yes) throw new UsageError('What the repository lacks would count as gone. If that is meant, say --yes.');
    const adopted = await (await api()).call<{ repository_id: string; lacks: string[] }>('POST', '/admin/repository/adopt-rollback', {
      body: {},
    });
    out.answer(adopted, () => `Repository ${adopted.repository_id} is accepted without: ${adopted.lacks.join('; ')}`);
    return EXIT.ok;
  },
});
