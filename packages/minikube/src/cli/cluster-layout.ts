import type { Health, NodeStatus } from '../cluster/status.ts'
import { version } from '../version.ts'

const codes: Record<
  Health | 'OK' | 'Configured' | 'Misconfigured',
  { StatusCode: number; StatusName: string }
> = {
  OK: { StatusCode: 200, StatusName: 'OK' },
  Running: { StatusCode: 200, StatusName: 'OK' },
  Configured: { StatusCode: 200, StatusName: 'OK' },
  Nonexistent: { StatusCode: 404, StatusName: 'NotFound' },
  Stopped: { StatusCode: 405, StatusName: 'Stopped' },
  Paused: { StatusCode: 418, StatusName: 'Paused' },
  Error: { StatusCode: 500, StatusName: 'Error' },
  Misconfigured: { StatusCode: 500, StatusName: 'Error' },
}

/** `status --layout=cluster`. */
export function clusterLayout(
  profile: string,
  nodes: readonly NodeStatus[],
  format: 'text' | 'json',
): string {
  const component = (Name: string, health: keyof typeof codes) => ({ Name, ...codes[health] })
  const first = nodes[0]
  const state = {
    Name: profile,
    ...codes[first?.Host === 'Running' ? first.APIServer : 'Stopped'],
    BinaryVersion: version,
    Components: {
      kubeconfig: component(
        'kubeconfig',
        first?.Kubeconfig === 'Configured'
          ? 'Configured'
          : first?.Kubeconfig === 'Stopped'
            ? 'Stopped'
            : 'Misconfigured',
      ),
    },
    Nodes: nodes.map(({ Name, Host, APIServer, Kubelet, Worker }) => ({
      Name,
      ...codes[Host],
      Components: {
        ...(!Worker && { apiserver: component('apiserver', APIServer) }),
        kubelet: component('kubelet', Kubelet),
      },
    })),
  }
  if (format === 'json') return JSON.stringify(state)
  return [
    `${state.Name}: ${state.StatusName}`,
    ...state.Nodes.map((node) => `- ${node.Name}: ${node.StatusName}`),
  ].join('\n')
}
