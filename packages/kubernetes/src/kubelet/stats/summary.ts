/** `stats/v1alpha1`, what `/stats/summary` answers. Times are RFC 3339; sizes bytes; absent is unknown. */
export interface Summary {
  node: NodeStats
  pods: PodStats[]
}

export interface NodeStats {
  nodeName: string
  systemContainers: ContainerStats[]
  startTime: string
  cpu?: CpuStats
  memory?: MemoryStats
  network?: NetworkStats
  fs?: FsStats
  runtime?: { imageFs?: FsStats; containerFs?: FsStats }
  rlimit?: { time: string; maxpid: number; curproc: number }
}

export interface PodStats {
  podRef: { name: string; namespace: string; uid: string }
  startTime: string
  containers: ContainerStats[]
  cpu?: CpuStats
  memory?: MemoryStats
  network?: NetworkStats
  volume?: VolumeStats[]
  'ephemeral-storage'?: FsStats
  process_stats?: { process_count: number }
}

export interface ContainerStats {
  name: string
  startTime: string
  cpu?: CpuStats
  memory?: MemoryStats
  rootfs?: FsStats
  logs?: FsStats
}

export interface CpuStats {
  time: string
  usageNanoCores?: number
  usageCoreNanoSeconds: number
}

export interface MemoryStats {
  time: string
  availableBytes?: number
  usageBytes?: number
  workingSetBytes: number
  rssBytes?: number
  pageFaults?: number
  majorPageFaults?: number
}

export interface InterfaceStats {
  name: string
  rxBytes: number
  rxErrors: number
  txBytes: number
  txErrors: number
}

export interface NetworkStats extends InterfaceStats {
  time: string
  interfaces: InterfaceStats[]
}

export interface FsStats {
  time: string
  availableBytes?: number
  capacityBytes?: number
  usedBytes?: number
  inodesFree?: number
  inodes?: number
  inodesUsed?: number
}

export interface VolumeStats extends FsStats {
  name: string
  pvcRef?: { name: string; namespace: string }
}
