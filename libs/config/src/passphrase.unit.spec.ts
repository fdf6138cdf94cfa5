import { PassphraseUnavailable } from './errors.ts';
import { readPassphrase } from './passphrase.ts';
import { splitCommand } from './split-command.ts';

describe('a command is split into words without a shell', () => {
  const cases: [string, string[] | undefined][] = [
    ['pass show dr', ['pass', 'show', 'dr']],
    ['  a   b\t', ['a', 'b']],
    [`echo 'two words' "and \\"more\\""`, ['echo', 'two words', 'and "more"']],
    ['a\\ b c', ['a b', 'c']],
    [`--x='a b'c`, ['--x=a bc']],
    [`f ''`, ['f', '']],
    ['echo $HOME; rm -rf *', ['echo', '$HOME;', 'rm', '-rf', '*']],
    ['["a b", "c"]', ['a b', 'c']],
    ['[1]', undefined],
    ['["a"', undefined],
    [`a 'b`, undefined],
    ['a "b', undefined],
    ['a \\', undefined],
    ['   ', undefined],
  ];
  test.each(cases)('%s', (command, words) => expect(splitCommand(command)).toEqual(words));
});

describe('reading the passphrase', () => {
  const node = process.execPath;

  test('one line break at the end is not part of it, other white space is', async () => {
    await expect(readPassphrase({ kind: 'file', path: '/k' }, { readFile: () => ' a b \r\n' })).resolves.toBe(' a b ');
    await expect(readPassphrase({ kind: 'home', path: '/k' }, { readFile: () => 'x\n\n' })).resolves.toBe('x\n');
    await expect(readPassphrase({ kind: 'value', value: 'v' })).resolves.toBe('v');
  });

  test('lines above it that begin with # are for people; a passphrase may begin with # itself', async () => {
    const read = (text: string) => readPassphrase({ kind: 'file', path: '/k' }, { readFile: () => text });
    await expect(read('# Keep this.\n# Copy it.\nabcd-efgh\n')).resolves.toBe('abcd-efgh');
    await expect(read('#only-line\n')).resolves.toBe('#only-line');
    await expect(read('# words\r\nx\r\n')).resolves.toBe('x');
  });

  test('a command is run without a shell and sees nothing of ours', async () => {
    const argv = [
      node,
      '-e',
      'console.log(JSON.stringify([process.argv[1], process.env.BACKUP_S3_BUCKET, process.env.DATABASE_URL]))',
      '$(id); *',
    ];
    const said = await readPassphrase({ kind: 'command', argv }, { env: { PATH: '/bin', BACKUP_S3_BUCKET: 'b', DATABASE_URL: 'u' } });
    expect(JSON.parse(said)).toEqual(['$(id); *', null, null]);
  });

  test('a failing command is named with what it said on stderr, never with what it printed', async () => {
    const argv = [node, '-e', 'console.log("sesame"); console.error("no such entry"); process.exit(3)'];
    const failed = readPassphrase({ kind: 'command', argv });
    await expect(failed).rejects.toThrow(/failed \(3\).*no such entry/);
    await expect(failed).rejects.not.toThrow(/sesame/);
  });

  test('missing, empty and unreadable ones say what to do or what is wrong', async () => {
    const unreadable = () => {
      throw new Error('EACCES');
    };
    await expect(readPassphrase({ kind: 'missing' })).rejects.toThrow(/BACKUP_PASSPHRASE_FILE/);
    await expect(readPassphrase({ kind: 'file', path: '/k' }, { readFile: () => '\n' })).rejects.toThrow(/\/k .* is empty/);
    await expect(readPassphrase({ kind: 'file', path: '/k' }, { readFile: unreadable })).rejects.toThrow(/\/k .*EACCES/);
    await expect(readPassphrase({ kind: 'missing' })).rejects.toBeInstanceOf(PassphraseUnavailable);
  });
});
