import { swcOptions } from './tools/swc-options.mjs';

/** Workspace packages resolve to their TypeScript sources (`dr-source`), so tests never see a stale build. */
export default {
  rootDir: import.meta.dirname,
  roots: ['<rootDir>/libs', '<rootDir>/services', '<rootDir>/cli', '<rootDir>/deploy', '<rootDir>/test'],
  globalSetup: '<rootDir>/test/support/global-setup.mjs',
  globalTeardown: '<rootDir>/test/support/global-teardown.mjs',
  testMatch: ['**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/', '/test/conformance/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', swcOptions] },
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['dr-source', 'node', 'node-addons'] },
  modulePathIgnorePatterns: ['/dist/', '/\\.dr/'],
  testTimeout: 30_000,
  maxWorkers: 2,
};
