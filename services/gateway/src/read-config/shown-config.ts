import { type Config, effectiveConfig } from '@dr/config';

export interface ShownConfig {
  settings: ReturnType<typeof effectiveConfig>;
  warnings: readonly string[];
}

/** Without secrets. Schedules name tenants: a tenant's own administrator sees only the tenant's. */
export function shownConfig(config: Config, tenant: string): ShownConfig {
  const settings = effectiveConfig(config);
  const schedules = settings['backup.schedules'];
  if (tenant === '*' || !schedules || !Array.isArray(schedules.value)) return { settings, warnings: config.warnings };
  const own = (schedules.value as { tenant_id?: string }[]).filter((s) => s.tenant_id === tenant);
  return { settings: { ...settings, 'backup.schedules': { ...schedules, value: own } }, warnings: config.warnings };
}
