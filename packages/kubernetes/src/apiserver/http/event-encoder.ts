import type { KubeObject } from '../../api/kube-object.ts'
import type { View } from './object-view.ts'

type FrameEncoder = (type: string, object: KubeObject) => Uint8Array

/**
 * Encodes events of watches. An event goes to all its watchers before the next one does, so what was encoded last is all
 * that has to be remembered for nobody to encode it twice.
 */
export class EventEncoder {
  #object: KubeObject | undefined
  readonly #encoded = new Map<string, Uint8Array>()
  #json: string | undefined
  #protobuf: FrameEncoder | undefined

  /** Loads what a view's encoding needs. */
  async prepare({ encoding }: View): Promise<void> {
    if (encoding === 'protobuf')
      this.#protobuf ??= (await import('../../api/codec/protobuf.ts')).encodeWatchFrame
  }

  encode(view: View, type: string, object: KubeObject): Uint8Array {
    if (object !== this.#object) {
      this.#object = object
      this.#json = undefined
      this.#encoded.clear()
    }
    const key = `${type} ${view.key}`
    let bytes = this.#encoded.get(key)
    if (!bytes) {
      bytes = this.#encode(view, type, object)
      this.#encoded.set(key, bytes)
    }
    return bytes
  }

  #encode(view: View, type: string, object: KubeObject): Uint8Array {
    const isObject = type !== 'ERROR' && type !== 'BOOKMARK'
    const shown = isObject ? view.one(object) : object
    if (view.encoding === 'protobuf') return this.#protobuf!(type, shown)
    return Buffer.from(
      `{"type":"${type}","object":${shown === object ? this.#jsonOf(object) : JSON.stringify(shown)}}\n`,
    )
  }

  #jsonOf(object: KubeObject): string {
    this.#json ??= JSON.stringify(object)
    return this.#json
  }
}
