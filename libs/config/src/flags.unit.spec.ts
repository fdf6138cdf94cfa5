import { ConfigurationError } from './errors.ts';
import { readFlags } from './flags.ts';

test('flags are taken with their value behind them or behind "="', () => {
  expect(readFlags(['--port', '9000', '--config=/etc/dr.yaml', '--backup-path', '/b'])).toEqual({
    DR_PORT: '9000',
    DR_CONFIG: '/etc/dr.yaml',
    BACKUP_PATH: '/b',
  });
  expect(readFlags([])).toEqual({});
});

test('every word that is no flag is told at once, and what was meant', () => {
  const told = (argv: string[]): string[] => {
    try {
      readFlags(argv);
      return [];
    } catch (error) {
      return (error as ConfigurationError).problems.map(({ key, message }) => `${key}: ${message}`);
    }
  };
  expect(() => readFlags(['x'])).toThrow(ConfigurationError);
  expect(told(['--prot', '--port', '--host', '--port=1', '--port=2', '--home'])).toEqual([
    expect.stringMatching(/^--prot: is not a flag of npm start. Did you mean --port\? There are --config, /),
    '--port: needs a value',
    '--port: is given twice',
    expect.stringMatching(/^--home: .*set DR_HOME$/),
  ]);
});
