import * as z from 'zod';
import { backupSettings } from './backup-settings.ts';
import { choice, integer, optional, path, setting, text, toggle, url } from './setting.ts';

/**
 * CONTRACT section 4 as a table: the shape of `Config`, the names that users type, and the defaults, in one place.
 * A new setting is one entry here; reading, checking, origins, `GET /config` and docs/configuration.md follow from it.
 */
export const settings = {
  home: setting(path, {
    env: 'DR_HOME',
    fallback: '.dr',
    standard: '.dr in the checkout',
    about: 'All state: database, bus, logs, secrets, and unless told otherwise source root and repository.',
  }),
  logLevel: setting(choice(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']), {
    env: 'DR_LOG_LEVEL',
    flag: '--log-level',
    fallback: 'info',
    about: 'How much the services log.',
  }),
  server: {
    host: setting(text, {
      env: 'DR_HOST',
      flag: '--host',
      fallback: '127.0.0.1',
      about: 'Where the gateway listens. Beyond loopback only with DR_INSECURE_HTTP=1, since keys travel in clear.',
    }),
    port: setting(integer(0, 65_535), { env: 'DR_PORT', flag: '--port', fallback: 8080, about: 'Its port; 0 takes a free one.' }),
    insecureHttp: setting(toggle, {
      env: 'DR_INSECURE_HTTP',
      fallback: false,
      about: 'Allow a DR_HOST that other machines reach, such as behind a proxy with TLS.',
    }),
    bootstrapApiKey: optional(z.string().min(32, 'must have at least 32 characters').describe('32 characters or more'), {
      env: 'DR_BOOTSTRAP_API_KEY',
      secret: true,
      about: 'At the first start: the first admin key, instead of a random one.',
    }),
  },
  client: {
    url: optional(url('http', 'https'), { env: 'DR_URL', standard: 'from DR_HOME/credentials.json', about: 'The gateway, for `dr`.' }),
    apiKey: optional(text, {
      env: 'DR_API_KEY',
      secret: true,
      standard: 'from DR_HOME/credentials.json',
      about: 'Its key, for `dr`.',
    }),
  },
  database: {
    url: optional(url('postgres', 'postgresql'), {
      env: 'DATABASE_URL',
      standard: 'the embedded PostgreSQL',
      about: 'The database, with the role of the services.',
    }),
    adminUrl: optional(url('postgres', 'postgresql'), {
      env: 'DATABASE_ADMIN_URL',
      standard: 'DATABASE_URL',
      about: 'The same database with the role that owns it, for migrations at the start.',
    }),
  },
  nats: {
    url: optional(text, { env: 'NATS_URL', standard: 'the embedded NATS server', about: 'NATS server with JetStream (2.10 or newer).' }),
    user: optional(text, { env: 'DR_NATS_USER', about: 'User at that server.' }),
    passwordFile: optional(path, { env: 'DR_NATS_PASSWORD_FILE', about: 'File with its password.' }),
    password: optional(text, { env: 'DR_NATS_PASSWORD', secret: true, about: 'Its password.' }),
  },
  deeplake: {
    root: setting(path, {
      env: 'DEEPLAKE_STORAGE_LOCATION',
      flag: '--storage-location',
      fallback: '',
      standard: 'DR_HOME/deeplake',
      about: 'The source root, `<root>/<tenant>/<data set>`. Made only if absent.',
    }),
  },
  passphrase: {
    value: optional(text, {
      env: 'BACKUP_PASSPHRASE',
      secret: true,
      standard: 'DR_HOME/passphrase, made for a new repository under DR_HOME only',
      about: "The repository's passphrase. Give one of the three.",
    }),
    file: optional(path, { env: 'BACKUP_PASSPHRASE_FILE', flag: '--passphrase-file', about: 'File with the passphrase.' }),
    command: optional(text, {
      env: 'BACKUP_PASSPHRASE_COMMAND',
      secret: true,
      about: 'Command that prints the passphrase; run without a shell and without our environment.',
    }),
  },
  backup: backupSettings,
} as const;
