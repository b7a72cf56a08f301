import type { ConfigMap, Secret } from '../../api/types/core-v1.ts'

/** Reads what pods refer to by name. `undefined`: there is no such object. @throws ApiError */
export interface ObjectReader {
  configMap(namespace: string, name: string): Promise<ConfigMap | undefined>
  secret(namespace: string, name: string): Promise<Secret | undefined>
}
