/** PEM texts. */
export interface KeyPair {
  cert: string
  key: string
}

export interface CredentialSpec {
  /** File name in the profile, without extension. */
  name: string
  authority?: 'ca' | 'proxy-client-ca'
  commonName: string
  organizations?: readonly string[]
  /** DNS names and IP addresses. */
  names?: readonly string[]
  usages: readonly ('serverAuth' | 'clientAuth')[]
}

/** Where an engine gets keys and certificates from. What is made once is given again until it is about to end. */
export interface Credentials {
  authority(which: 'ca' | 'proxy-client-ca'): Promise<KeyPair>
  certificate(spec: CredentialSpec): Promise<KeyPair>
  /** A private key that signs by itself (service account tokens), PEM. */
  signingKey(name: string): Promise<string>
}
