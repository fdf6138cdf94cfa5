import { UsageError } from '../errors.ts';
import { verb } from '../verb/verb.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

export const completion = verb({
  name: 'completion <shell>',
  summary: 'Print the completion script of a shell: bash, zsh or fish',
  examples: [
    ['source <(dr completion bash)', 'bash, in ~/.bashrc'],
    ['source <(dr completion zsh)', 'zsh, in ~/.zshrc behind compinit'],
    ['dr completion fish | source', 'fish, in ~/.config/fish/config.fish'],
  ],
  run: async ({ shell }, { out, verbs }) => {
    const known = SHELLS.find((name) => name === shell);
    if (known === undefined) throw new UsageError(`There is no completion for "${shell}": use ${SHELLS.join(', ')}.`, 'completion');
    const { completionScript } = await import('../verb/completion-script.ts');
    const script = completionScript(known, await verbs());
    out.answer({ shell, script }, () => script.trimEnd());
  },
});
