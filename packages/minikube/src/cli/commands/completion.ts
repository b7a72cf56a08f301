import { defineCommand } from '../command.ts'
import { UsageError } from '../usage-error.ts'

const scripts: Record<string, string> = {
  bash: `_minikube() {
  local IFS=$'\\n'
  COMPREPLY=($(minikube __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _minikube minikube
`,
  zsh: `#compdef minikube
_minikube() {
  local -a candidates
  candidates=("\${(@f)$(minikube __complete -- "\${words[@]:1:$((CURRENT - 1))}" 2>/dev/null)}")
  compadd -a candidates
}
compdef _minikube minikube
`,
  fish: `complete -c minikube -f -a '(minikube __complete -- (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)'
`,
}

export const completion = defineCommand({
  name: 'completion',
  summary: 'Writes a script that completes command lines in a shell',
  usage: 'bash|zsh|fish',
  args: { min: 1, max: 1 },
  examples: ['source <(minikube completion bash)'],
  async run({ args, output }) {
    const script = Object.hasOwn(scripts, args[0]!) ? scripts[args[0]!] : undefined
    if (!script)
      throw new UsageError(`there is no completion for "${args[0]}"`, 'There is one for bash, zsh and fish.')
    output.print(script)
    return 0
  },
})
