import type { RuntimeLayout } from '../runtime.ts'

export interface ContainerdFacts {
  /** First number of the version. */
  major: number
  snapshotter: 'overlayfs' | 'native'
  /** The capability CAP_SYS_RESOURCE is missing: no oom score may be lowered. */
  restrictOomScore: boolean
  disableAppArmor: boolean
  sandboxImage: string
}

/** Paths of one profile's containerd. */
export interface ContainerdPaths {
  config: string
  root: string
  state: string
  socket: string
  runcRoot: string
  certs: string
}

export function containerdPaths(layout: RuntimeLayout): ContainerdPaths {
  return {
    config: `${layout.configDir}/config.toml`,
    root: `${layout.dataDir}/root`,
    state: `${layout.runDir}/state`,
    socket: `${layout.runDir}/containerd.sock`,
    runcRoot: `${layout.runDir}/runc`,
    certs: `${layout.configDir}/certs.d`,
  }
}

/**
 * A configuration that touches nothing of a containerd that the machine may run for others: own root, state, sockets, runc
 * directory and CNI directories. Version 2 of the format is for containerd 1.x, version 3 for 2.x.
 */
export function containerdConfiguration(layout: RuntimeLayout, facts: ContainerdFacts): string {
  const paths = containerdPaths(layout)
  return facts.major >= 2 ? version3(layout, paths, facts) : version2(layout, paths, facts)
}

function version2(layout: RuntimeLayout, paths: ContainerdPaths, facts: ContainerdFacts): string {
  const cri = 'plugins."io.containerd.grpc.v1.cri"'
  return `${head(2, paths)}
[plugins."io.containerd.internal.v1.opt"]
  path = ${quote(`${layout.dataDir}/opt`)}

[${cri}]
  sandbox_image = ${quote(facts.sandboxImage)}
  disable_apparmor = ${facts.disableAppArmor}
  restrict_oom_score_adj = ${facts.restrictOomScore}
  disable_tcp_service = true
  stream_server_address = "127.0.0.1"
  stream_server_port = "0"
  enable_unprivileged_ports = true
  enable_unprivileged_icmp = true
  max_container_log_line_size = 16384
  netns_mounts_under_state_dir = true
  [${cri}.cni]
    bin_dir = ${quote(layout.cniBinDir)}
    conf_dir = ${quote(layout.cniConfDir)}
    max_conf_num = 1
  [${cri}.containerd]
    snapshotter = ${quote(facts.snapshotter)}
    default_runtime_name = "runc"
    [${cri}.containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [${cri}.containerd.runtimes.runc.options]
        Root = ${quote(paths.runcRoot)}
        SystemdCgroup = ${layout.cgroupDriver === 'systemd'}
  [${cri}.registry]
    config_path = ${quote(paths.certs)}
`
}

function version3(layout: RuntimeLayout, paths: ContainerdPaths, facts: ContainerdFacts): string {
  const runtime = `plugins.'io.containerd.cri.v1.runtime'`
  const images = `plugins.'io.containerd.cri.v1.images'`
  return `${head(3, paths)}
[plugins.'io.containerd.internal.v1.opt']
  path = ${quote(`${layout.dataDir}/opt`)}

[plugins.'io.containerd.grpc.v1.cri']
  disable_tcp_service = true
  stream_server_address = "127.0.0.1"
  stream_server_port = "0"

[${runtime}]
  disable_apparmor = ${facts.disableAppArmor}
  restrict_oom_score_adj = ${facts.restrictOomScore}
  enable_unprivileged_ports = true
  enable_unprivileged_icmp = true
  max_container_log_line_size = 16384
  netns_mounts_under_state_dir = true
  [${runtime}.cni]
    bin_dirs = [${quote(layout.cniBinDir)}]
    conf_dir = ${quote(layout.cniConfDir)}
    max_conf_num = 1
  [${runtime}.containerd]
    default_runtime_name = "runc"
    [${runtime}.containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [${runtime}.containerd.runtimes.runc.options]
        Root = ${quote(paths.runcRoot)}
        SystemdCgroup = ${layout.cgroupDriver === 'systemd'}

[${images}]
  snapshotter = ${quote(facts.snapshotter)}
  [${images}.pinned_images]
    sandbox = ${quote(facts.sandboxImage)}
  [${images}.registry]
    config_path = ${quote(paths.certs)}
`
}

function head(version: number, paths: ContainerdPaths): string {
  return `version = ${version}
root = ${quote(paths.root)}
state = ${quote(paths.state)}
oom_score = 0

[grpc]
  address = ${quote(paths.socket)}

[ttrpc]
  address = ${quote(`${paths.socket}.ttrpc`)}
`
}

function quote(text: string): string {
  return JSON.stringify(text)
}
