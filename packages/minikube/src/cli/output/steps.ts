/** Order of the steps of a start: their `currentstep` in JSON events. */
const startSteps = [
  'Initial Minikube Setup',
  'Selecting Driver',
  'Downloading Artifacts',
  'Starting Node',
  'Updating Driver',
  'Pulling Base Image',
  'Running on Localhost',
  'Local OS Release',
  'Creating Container',
  'Creating VM',
  'Running Remotely',
  'Preparing Kubernetes',
  'Generating certificates',
  'Booting control plane',
  'Configuring RBAC rules',
  'Configuring CNI',
  'Configuring Localhost Environment',
  'Verifying Kubernetes',
  'Enabling Addons',
  'Done',
]

const others: Record<string, string[]> = {
  stop: ['Stopping', 'PowerOff', 'Done'],
  pause: ['Pausing', 'Done'],
  unpause: ['Unpausing', 'Done'],
  delete: ['Deleting', 'Stopping', 'Done', 'Purging home dir'],
}

/** Steps of a command, in order; those of `start` for every command that has none of its own. */
export function stepsOf(command: string): readonly string[] {
  return others[command] ?? startSteps
}

/** Sign in front of a step's line: the one for terminals, the one for everything else. */
export const stepSigns: Record<string, string> = {
  'Initial Minikube Setup': '😄',
  'Selecting Driver': '✨',
  'Downloading Artifacts': '💾',
  'Starting Node': '👍',
  'Running on Localhost': '🤹',
  'Local OS Release': '🐧',
  'Preparing Kubernetes': '🐳',
  'Generating certificates': '🔑',
  'Booting control plane': '🚀',
  'Configuring RBAC rules': '🔐',
  'Configuring CNI': '🔗',
  'Configuring Localhost Environment': '🤹',
  'Verifying Kubernetes': '🔎',
  'Enabling Addons': '🌟',
  Done: '🏄',
  Stopping: '✋',
  PowerOff: '🛑',
  Pausing: '⏸️ ',
  Unpausing: '⏯️ ',
  Deleting: '🔥',
  'Purging home dir': '💀',
}
