import { bool, int, text } from './flag.ts'

/** Flags of every command. Those about upstream's log library are taken so that scripts go on working. */
export const globalFlags = {
  profile: text('minikube', 'The name of the profile: one profile is one cluster', { short: 'p' }),
  bootstrapper: text('embedded', 'Who is Kubernetes: embedded (the engine of this minikube)', { short: 'b' }),
  user: text('', 'Who runs this command, for the audit log'),
  'skip-audit': bool(false, 'Leave this command out of the audit log'),
  rootless: bool(false, 'Use a container engine without root'),
  help: bool(false, 'Show help', { short: 'h' }),
  v: int(0, 'Log verbosity: 1 and above shows where an error came from', { short: 'v' }),
  vmodule: text('', '', { hidden: true }),
  alsologtostderr: bool(false, '', { hidden: true }),
  logtostderr: bool(false, '', { hidden: true }),
  log_dir: text('', '', { hidden: true }),
  log_file: text('', '', { hidden: true }),
  log_file_max_size: text('', '', { hidden: true }),
  one_output: bool(false, '', { hidden: true }),
  skip_headers: bool(false, '', { hidden: true }),
  skip_log_headers: bool(false, '', { hidden: true }),
  stderrthreshold: text('', '', { hidden: true }),
  add_dir_header: bool(false, '', { hidden: true }),
}

export type GlobalFlags = typeof globalFlags
