/** What `dr restore` was given. */
export interface RestoreArguments {
  id: string;
  asOf?: string;
  tenantId?: string;
  targetTenant?: string;
  datasetMapping?: Record<string, string>;
  datasetIds?: string[];
  path?: string[];
  version?: string;
  target?: string;
  systemState?: string;
  overwrite: boolean;
  force: boolean;
  keepTornHead: boolean;
  dryRun: boolean;
  noVerify: boolean;
  noIndexes: boolean;
  noMetadata: boolean;
  noWait: boolean;
}
