import type { CommandEntry } from './command.ts'

const basic = 'Basic Commands'
const images = 'Images Commands'
const management = 'Configuration and Management Commands'
const networking = 'Networking and Connectivity Commands'
const advanced = 'Advanced Commands'
const trouble = 'Troubleshooting Commands'
const other = 'Other Commands'

/** Every command with what `minikube --help` shows; each is loaded when it is called. */
export const commandTable: readonly CommandEntry[] = [
  {
    name: 'start',
    group: basic,
    summary: 'Starts a local Kubernetes cluster',
    load: async () => (await import('./commands/start.ts')).start,
  },
  {
    name: 'status',
    group: basic,
    summary: 'Gets the status of a local Kubernetes cluster',
    load: async () => (await import('./commands/status.ts')).status,
  },
  {
    name: 'stop',
    group: basic,
    summary: 'Stops a running local Kubernetes cluster',
    load: async () => (await import('./commands/stop.ts')).stop,
  },
  {
    name: 'delete',
    group: basic,
    summary: 'Deletes a local Kubernetes cluster',
    load: async () => (await import('./commands/delete.ts')).deleteCommand,
  },
  {
    name: 'pause',
    group: basic,
    summary: 'Pauses Kubernetes',
    load: async () => (await import('./commands/pause.ts')).pause,
  },
  {
    name: 'unpause',
    aliases: ['resume'],
    group: basic,
    summary: 'Unpauses Kubernetes',
    load: async () => (await import('./commands/pause.ts')).unpause,
  },
  {
    name: 'dashboard',
    group: basic,
    summary: 'Opens the Kubernetes dashboard',
    load: async () => (await import('./commands/dashboard.ts')).dashboard,
  },

  {
    name: 'image',
    group: images,
    summary: 'Manages images',
    load: async () => (await import('./commands/image.ts')).image,
  },

  {
    name: 'addons',
    group: management,
    summary: 'Lists what is built in',
    load: async () => (await import('./commands/addons.ts')).addons,
  },
  {
    name: 'config',
    group: management,
    summary: 'Keeps values for flags',
    load: async () => (await import('./commands/config.ts')).config,
  },
  {
    name: 'profile',
    group: management,
    summary: 'Gets or sets the current profile',
    load: async () => (await import('./commands/profile.ts')).profile,
  },
  {
    name: 'update-context',
    group: management,
    summary: 'Writes the kubeconfig entry of a running cluster anew',
    load: async () => (await import('./commands/update-context.ts')).updateContext,
  },
  {
    name: 'ledger',
    group: management,
    summary: 'Lists what minikube changed on this machine',
    load: async () => (await import('./commands/ledger.ts')).ledger,
  },

  {
    name: 'service',
    group: networking,
    summary: 'Returns the URL of a service',
    load: async () => (await import('./commands/service.ts')).service,
  },
  {
    name: 'tunnel',
    group: networking,
    summary: 'Says how to reach services of type LoadBalancer',
    load: async () => (await import('./commands/tunnel.ts')).tunnel,
  },
  {
    name: 'hosts',
    group: networking,
    summary: "Manages names in a node's /etc/hosts",
    load: async () => (await import('./commands/hosts.ts')).hosts,
  },

  {
    name: 'ssh',
    group: advanced,
    summary: 'Opens a shell on a node or runs a command there',
    load: async () => (await import('./commands/ssh.ts')).ssh,
  },
  {
    name: 'kubectl',
    group: advanced,
    summary: 'Runs kubectl against the cluster',
    load: async () => (await import('./commands/kubectl.ts')).kubectl,
  },
  {
    name: 'crictl',
    group: advanced,
    summary: "Asks the cluster's container runtime, as crictl does",
    load: async () => (await import('./commands/crictl.ts')).crictl,
  },
  {
    name: 'node',
    group: advanced,
    summary: 'Lists the nodes of a cluster',
    load: async () => (await import('./commands/node.ts')).node,
  },
  {
    name: 'cp',
    group: advanced,
    summary: 'Copies a file to or from a node',
    load: async () => (await import('./commands/cp.ts')).cp,
  },
  {
    name: 'files',
    group: advanced,
    summary: 'Mirrors the files tree to the nodes',
    load: async () => (await import('./commands/files.ts')).files,
  },

  {
    name: 'ip',
    group: trouble,
    summary: 'Shows the IP address of a node',
    load: async () => (await import('./commands/ip.ts')).ip,
  },
  {
    name: 'tree',
    group: trouble,
    summary: 'Draws what runs: host, driver, node, services, runtime, pods, processes',
    load: async () => (await import('./commands/tree.ts')).tree,
  },
  {
    name: 'logs',
    group: trouble,
    summary: 'Shows logs, to find out what is wrong',
    load: async () => (await import('./commands/logs.ts')).logs,
  },
  {
    name: 'version',
    group: trouble,
    summary: 'Prints the version of minikube',
    load: async () => (await import('./commands/version.ts')).versionCommand,
  },
  {
    name: 'options',
    group: trouble,
    summary: 'Shows the flags that every command takes',
    load: async () => (await import('./commands/options.ts')).options,
  },

  {
    name: 'completion',
    group: other,
    summary: 'Writes a script that completes command lines in a shell',
    load: async () => (await import('./commands/completion.ts')).completion,
  },
  {
    name: '__complete',
    hidden: true,
    summary: 'Candidates for a command line that is being typed',
    load: async () => (await import('./commands/complete.ts')).complete,
  },
]
