import { choice, cron, integer, text, toggle, url } from './setting.ts';

const ok = (schema: { safeParse(value: unknown): { success: boolean; data?: unknown } }, value: unknown) => {
  const result = schema.safeParse(value);
  return result.success ? result.data : 'refused';
};

describe('values are read from text and from YAML alike', () => {
  const cases: [string, Parameters<typeof ok>[0], unknown, unknown][] = [
    ['toggle', toggle, true, true],
    ['toggle', toggle, 'TRUE', true],
    ['toggle', toggle, 'yes', true],
    ['toggle', toggle, '1', true],
    ['toggle', toggle, 1, true],
    ['toggle', toggle, 'off', false],
    ['toggle', toggle, '0', false],
    ['toggle', toggle, false, false],
    ['toggle', toggle, 'maybe', 'refused'],
    ['toggle', toggle, {}, 'refused'],
    ['toggle', toggle, 'constructor', 'refused'],
    ['integer', integer(1, 9), '7', 7],
    ['integer', integer(1, 9), ' 7 ', 7],
    ['integer', integer(1, 9), 7, 7],
    ['integer', integer(1, 9), 0, 'refused'],
    ['integer', integer(1, 9), '10', 'refused'],
    ['integer', integer(1, 9), 7.5, 'refused'],
    ['integer', integer(1, 9), '7.5', 'refused'],
    ['integer', integer(1, 9), '7x', 'refused'],
    ['integer', integer(1, 9), '0x7', 'refused'],
    ['integer', integer(1, 9), '', 'refused'],
    ['integer', integer(1, 9), true, 'refused'],
    ['integer', integer(1, 9), null, 'refused'],
    ['choice', choice(['a', 'b']), 'a', 'a'],
    ['choice', choice(['a', 'b']), 'A', 'refused'],
    ['text', text, 8080, '8080'],
    ['text', text, '', 'refused'],
    ['url', url('http', 'https'), 'https://x/y', 'https://x/y'],
    ['url', url('http', 'https'), 'ftp://x', 'refused'],
    ['url', url('http'), 'x', 'refused'],
    ['cron', cron, '0 2 * * *', '0 2 * * *'],
    ['cron', cron, '*/5 0 2 * * 1-5', '*/5 0 2 * * 1-5'],
    ['cron', cron, '@daily', '@daily'],
    ['cron', cron, '0 0 1,15 jan-mar/2 mon', '0 0 1,15 jan-mar/2 mon'],
    ['cron', cron, '30 0 2 ? * 7', '30 0 2 ? * 7'],
    ['cron', cron, '60 2 * * *', 'refused'],
    ['cron', cron, '0 24 * * *', 'refused'],
    ['cron', cron, '0 2 0 * *', 'refused'],
    ['cron', cron, '0 2 * 13 *', 'refused'],
    ['cron', cron, '0 2 * * 8', 'refused'],
    ['cron', cron, '0 2 * * fri-mon', 'refused'],
    ['cron', cron, '*/0 2 * * *', 'refused'],
    ['cron', cron, '1-2-3 2 * * *', 'refused'],
    ['cron', cron, '0 2 * * * * *', 'refused'],
    ['cron', cron, '@reboot', 'refused'],
    ['cron', cron, 5, 'refused'],
    ['cron', cron, '0 2 * *', 'refused'],
    ['cron', cron, 'daily', 'refused'],
  ];
  test.each(cases)('%s', (_, schema, value, wanted) => expect(ok(schema, value)).toBe(wanted));
});
