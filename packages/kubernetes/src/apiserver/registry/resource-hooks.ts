import type { StoredKubeObject } from '../../api/kube-object.ts'
import type { UserInfo } from '../auth/user-info.ts'

export interface HookContext {
  user: UserInfo
  dryRun: boolean
  warn(message: string): void
}

/** Called once with the fate of the write that something was reserved for. */
export type Finish = (written: boolean) => void

/**
 * What a kind does beside its own object when it is written: a Service reserves addresses and ports. Run after metadata
 * is filled in and before the strategy; they may change the object in place.
 */
export interface ResourceHooks {
  beginCreate?(object: StoredKubeObject, context: HookContext): Finish | undefined
  beginUpdate?(next: StoredKubeObject, old: StoredKubeObject, context: HookContext): Finish | undefined
  /** After the object is gone from the store. */
  afterDelete?(object: StoredKubeObject): void
  /** An object that waits for its end and has no `metadata.finalizers` left goes only if this says so too. */
  mayRemove?(object: StoredKubeObject): boolean
  /** Changes to the object that its deletion is to make (a namespace's `status.phase`); `metadata` is a copy. */
  markDeleted?(object: StoredKubeObject): StoredKubeObject
}
