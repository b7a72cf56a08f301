import { createHash } from 'node:crypto'
import type { ResourceInfo } from '../../api/resource-info.ts'
import generatedTypes from '../../api/schema/generated/types.json' with { type: 'json' }
import { byGroupVersion, pathOf } from './definitions.ts'
import { encodeSwagger } from './gnostic.ts'
import type { OpenApiSource } from './open-api-source.ts'
import { v2Document } from './v2-document.ts'
import { v3Document } from './v3-document.ts'

export interface OpenApiDocument {
  bytes: Uint8Array
  /** Without quotes; in version 3 also the `hash` of the document's URL. */
  etag: string
}

/** `/openapi/v3`: where the documents of the group versions are. */
export interface OpenApiIndex {
  paths: Record<string, { serverRelativeURL: string }>
}

/** Raised when documents change though the resources do not: clients keep documents by their hash. */
const revision = '1'

/**
 * `/openapi/v2` and `/openapi/v3` of what is served. Documents are made when they are asked for and not kept (clients keep
 * them by hash); only the hashes are, until {@link OpenApi.forget}.
 */
export class OpenApi {
  readonly #source: OpenApiSource
  /** What is said to be the server's version, e.g. `v1.36.0`. */
  readonly #version: string
  #groups: Map<string, { resources: ResourceInfo[]; hash: string }> | undefined
  #builtinHash: string | undefined

  constructor(source: OpenApiSource, version: string) {
    this.#source = source
    this.#version = version
  }

  /** To be called when resources came, went or changed. */
  forget(): void {
    this.#groups = undefined
  }

  index(): OpenApiIndex {
    const paths: OpenApiIndex['paths'] = {}
    for (const [path, { hash }] of this.#all()) {
      paths[path] = { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` }
    }
    return { paths }
  }

  /** The document of a group version, e.g. `apis/apps/v1`, as JSON; `undefined` where nothing is served. */
  v3(path: string): OpenApiDocument | undefined {
    const group = this.#all().get(path)
    if (!group) return undefined
    const document = v3Document(group.resources, this.#source, this.#version)
    return { bytes: Buffer.from(JSON.stringify(document)), etag: group.hash }
  }

  /** One document of everything: as JSON, or as `application/com.github.proto-openapi.spec.v2@v1.0+protobuf`. */
  v2(format: 'json' | 'protobuf'): OpenApiDocument {
    const document = v2Document(this.#source.resources(), this.#source, this.#version)
    const bytes = format === 'json' ? Buffer.from(JSON.stringify(document)) : encodeSwagger(document)
    return { bytes, etag: this.v2Etag() }
  }

  /** Of both formats of version 2: to answer 304 without making the document. */
  v2Etag(): string {
    return hashOf([...this.#all().values()].map(({ hash }) => hash).join())
  }

  #all(): Map<string, { resources: ResourceInfo[]; hash: string }> {
    if (!this.#groups) {
      this.#groups = new Map()
      for (const [apiVersion, resources] of byGroupVersion(this.#source.resources())) {
        this.#groups.set(pathOf(apiVersion), { resources, hash: this.#hash(apiVersion, resources) })
      }
    }
    return this.#groups
  }

  #hash(apiVersion: string, resources: readonly ResourceInfo[]): string {
    this.#builtinHash ??= hashOf(JSON.stringify(generatedTypes))
    const custom = resources
      .filter(({ schema }) => !schema)
      .map((each) => this.#source.customSchema(each) ?? null)
    return hashOf(JSON.stringify([revision, this.#version, this.#builtinHash, apiVersion, resources, custom]))
  }
}

function hashOf(text: string): string {
  return createHash('sha512').update(text).digest('hex').toUpperCase()
}
