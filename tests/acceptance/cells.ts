import type { Cell } from '../support/test-cluster.ts'

/** A cell of the table; `skip` says why it does not run here. */
export interface AcceptanceCell extends Cell {
  skip?: string
}

const later = 'not built yet'

/** Every driver × runtime × engine cell of the README's table, with what keeps it from running on this machine. */
export function cells(): AcceptanceCell[] {
  const root = process.getuid?.() === 0
  const none = root && process.platform === 'linux' ? undefined : 'driver none needs root on Linux'
  const first: AcceptanceCell[] = [{ driver: 'none', runtime: 'containerd', engine: 'embedded', skip: none }]
  const rest: AcceptanceCell[] = [
    { driver: 'none', runtime: 'docker', engine: 'embedded', skip: later },
    { driver: 'none', runtime: 'cri-o', engine: 'embedded', skip: later },
    { driver: 'none', runtime: 'containerd', engine: 'kubeadm', skip: later },
    { driver: 'docker', runtime: 'containerd', engine: 'embedded', skip: later },
    { driver: 'docker', runtime: 'docker', engine: 'embedded', skip: later },
    { driver: 'docker', runtime: 'cri-o', engine: 'embedded', skip: later },
    { driver: 'podman', runtime: 'containerd', engine: 'embedded', skip: later },
    { driver: 'podman', runtime: 'docker', engine: 'embedded', skip: later },
    { driver: 'podman', runtime: 'cri-o', engine: 'embedded', skip: later },
    { driver: 'qemu2', runtime: 'containerd', engine: 'embedded', skip: later },
    { driver: 'qemu2', runtime: 'docker', engine: 'embedded', skip: later },
    { driver: 'kvm2', runtime: 'containerd', engine: 'embedded', skip: later },
    { driver: 'virtualbox', runtime: 'containerd', engine: 'embedded', skip: later },
  ]
  return [...first, ...rest]
}
