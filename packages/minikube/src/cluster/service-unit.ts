import { existsSync } from 'node:fs'
import type { Cluster } from './cluster.ts'

/** Whether systemd runs this machine. */
export function usesSystemd(): boolean {
  return existsSync('/run/systemd/system')
}

export function unitName(profile: string): string {
  return `minikube-${profile}.service`
}

export function unitPath(profile: string): string {
  return `/etc/systemd/system/${unitName(profile)}`
}

/** The supervisor as a unit, so that the cluster is there again after a reboot. */
export function unitFile(cluster: Cluster): string {
  const { layout, profile } = cluster
  return `[Unit]
Description=minikube cluster ${profile.Name}
After=network-online.target
Wants=network-online.target

[Service]
Environment=PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8
ExecStart=${layout.engine}/supervise
StandardOutput=append:${layout.logs}/supervisor.log
StandardError=inherit
KillMode=process
Delegate=yes
Restart=on-failure
LimitNOFILE=1048576
TasksMax=infinity
OOMScoreAdjust=-500

[Install]
WantedBy=multi-user.target
`
}
