import type { Store } from '../../store/store.ts'

/**
 * The part of the store that authentication, authorization and admission look things up in: committed objects, read
 * synchronously, in their storage version.
 */
export type StoreReader = Pick<Store, 'get' | 'list' | 'watch' | 'revision'>
