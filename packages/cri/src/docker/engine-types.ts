// The parts of the Engine API's documents that are used here.

/** One of `GET /containers/json`. */
export interface ListedContainer {
  Id: string
  Image: string
  ImageID: string
  State: string
  Labels: Record<string, string>
}

/** `GET /containers/{id}/json`. */
export interface InspectedContainer {
  Id: string
  Name: string
  /** The image's id. */
  Image: string
  State: {
    Status: string
    Pid: number
    ExitCode: number
    OOMKilled: boolean
    Error: string
    /** RFC 3339 with nanoseconds; the year 1 for never. */
    StartedAt: string
    FinishedAt: string
  }
  Config: { Tty: boolean; OpenStdin: boolean; StdinOnce: boolean; Labels: Record<string, string> }
  HostConfig: { NetworkMode: string }
  ResolvConfPath: string
  /** With `size=1`: bytes that were written to its own layer. */
  SizeRw?: number
}

/** One of `GET /images/json`. */
export interface ListedImage {
  Id: string
  RepoTags: string[] | null
  RepoDigests: string[] | null
  Size: number
}

/** `GET /images/{name}/json`. */
export interface InspectedImage extends ListedImage {
  Config?: { User?: string; StopSignal?: string } | null
}

/** `GET /info`. */
export interface EngineInfo {
  CgroupDriver: string
  CgroupVersion: string
  DockerRootDir: string
  ServerVersion: string
}

/** One of `GET /events`. */
export interface EngineEvent {
  Action: string
  Actor: { ID: string; Attributes: Record<string, string> }
  timeNano: number
}
