import { programHelp, verbHelp } from './help.ts';
import type { Verb } from './verb.ts';

const INTRO = `# The command line \`dr\`

<!-- Made from cli/dr/src/verbs by \`tools/write-docs\`; a test keeps it so. -->

\`./bin/dr\` talks to the gateway of \`npm start\` on the same machine, or to another one with \`DR_URL\` and \`DR_API_KEY\`. Standard output carries only the answer, everything else goes to standard error; with \`--json\` the answer is JSON on every command, and so are errors (on standard error). Every POST (but that of \`subscribers create\`) carries an \`Idempotency-Key\`, so a request whose reply was lost is repeated safely. While it waits, a gateway or a database that is away for up to ten minutes does not end the waiting.

The old script goes on to work: \`python scripts/disaster_recovery.py create --type full\` hands its command line to \`dr\`.`;

const text = (content: string): string => `\`\`\`text\n${content.trimEnd()}\n\`\`\``;

/** The text of docs/cli.md: the help of the program and of every verb. */
export function cliReference(verbs: readonly Verb[]): string {
  const sections = verbs.map((verb) => `## dr ${verb.words}\n\n${text(verbHelp(verb, false))}`);
  return `${[INTRO, text(programHelp(verbs)), ...sections].join('\n\n')}\n`;
}
