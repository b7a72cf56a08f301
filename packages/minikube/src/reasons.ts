/** What a reason of failure carries besides its id. */
export interface Reason {
  exitCode: number
  /** Advice that fits whenever this happens; an error may bring better advice of its own. */
  advice?: string
  url?: string
}

const root = 'https://minikube.sigs.k8s.io/docs'

/**
 * Every reason that a command can end with. Exit codes come in classes of ten: 10 program, 20 resource, 30 host,
 * 40 internet, 50 driver, 60 provider, 70 local network, 80 guest, 90 runtime, 100 control plane, 110 service. The unit says
 * what kind: 0 error, 1 conflict, 2 timeout, 3 not running, 4 usage, 5 not found, 6 unsupported, 7 permission, 8 config,
 * 9 unavailable. They are minikube's, so that scripts written for it go on working.
 */
export const reasons = {
  INTERNAL_ERROR: { exitCode: 1 },
  MK_COMMAND_INTERRUPTED: { exitCode: 2 },

  MK_BOOTSTRAPPER: { exitCode: 10 },
  MK_CONFIG_SET: { exitCode: 10 },
  MK_DAEMONIZE: { exitCode: 10 },
  MK_ADDON_ENABLE: { exitCode: 10 },
  MK_ADDON_DISABLE: { exitCode: 10 },
  MK_BUNDLE: { exitCode: 10 },
  MK_INTERRUPTED: { exitCode: 11 },
  MK_RESERVED_PROFILE: { exitCode: 11 },
  MK_LOCKED: { exitCode: 11 },
  MK_USAGE: { exitCode: 14 },
  MK_USAGE_NO_PROFILE: {
    exitCode: 14,
    advice: "You can create one using 'minikube start'.",
    url: `${root}/start/`,
  },
  MK_UNIMPLEMENTED: { exitCode: 16 },

  RSRC_INSUFFICIENT_CORES: { exitCode: 29 },
  RSRC_INSUFFICIENT_REQ_MEMORY: { exitCode: 23 },
  RSRC_INSUFFICIENT_SYS_MEMORY: { exitCode: 23 },
  RSRC_INSUFFICIENT_STORAGE: {
    exitCode: 26,
    advice: "Free some space, for example with 'minikube image rm' or 'minikube delete', then start again.",
  },

  HOST_BROWSER: { exitCode: 30 },
  HOST_PURGE: { exitCode: 35 },
  HOST_PATH_MISSING: { exitCode: 35 },
  HOST_UNSUPPORTED: { exitCode: 36 },
  HOST_HOME_MKDIR: { exitCode: 37 },
  HOST_HOME_CHOWN: { exitCode: 37 },
  HOST_HOME_PERMISSION: { exitCode: 37 },
  HOST_CONFIG_LOAD: { exitCode: 38 },
  HOST_KUBECONFIG_UPDATE: { exitCode: 38 },
  HOST_SAVE_PROFILE: { exitCode: 38 },

  INET_CACHE_BINARIES: { exitCode: 40 },
  INET_CACHE_KUBECTL: { exitCode: 40 },
  INET_PACKAGES: {
    exitCode: 40,
    advice: "Check that 'apt-get update' and 'apt-get install' work on this machine, then start again.",
  },

  DRV_UNSUPPORTED_MULTINODE: { exitCode: 51 },
  DRV_NOT_FOUND: { exitCode: 55 },
  DRV_NOT_DETECTED: { exitCode: 55 },
  DRV_NOT_HEALTHY: { exitCode: 55 },
  DRV_UNSUPPORTED: { exitCode: 56 },
  DRV_UNSUPPORTED_OS: { exitCode: 56 },
  DRV_UNSUPPORTED_PROFILE: { exitCode: 56 },
  DRV_NEEDS_ROOT: { exitCode: 57 },
  DRV_NEEDS_PACKAGES: { exitCode: 55 },

  IF_PORT_TAKEN: { exitCode: 71 },
  IF_NETWORK_TAKEN: { exitCode: 71 },
  IF_HOST_IP: { exitCode: 70 },

  GUEST_PROVISION: { exitCode: 80 },
  GUEST_START: { exitCode: 80 },
  GUEST_STATUS: { exitCode: 80 },
  GUEST_CERT: { exitCode: 80 },
  GUEST_CP: { exitCode: 80 },
  GUEST_FILES: { exitCode: 80 },
  GUEST_HOSTS: { exitCode: 80 },
  GUEST_IMAGE_LIST: { exitCode: 80 },
  GUEST_IMAGE_LOAD: { exitCode: 80 },
  GUEST_IMAGE_PULL: { exitCode: 80 },
  GUEST_IMAGE_PUSH: { exitCode: 80 },
  GUEST_IMAGE_REMOVE: { exitCode: 80 },
  GUEST_IMAGE_SAVE: { exitCode: 80 },
  GUEST_IMAGE_TAG: { exitCode: 80 },
  GUEST_IMAGE_BUILD: { exitCode: 80 },
  GUEST_PAUSE: { exitCode: 80 },
  GUEST_UNPAUSE: { exitCode: 80 },
  GUEST_DELETION: { exitCode: 80 },
  GUEST_DRIVER_MISMATCH: { exitCode: 81 },
  GUEST_LEFTOVERS: { exitCode: 81 },
  GUEST_STOP_TIMEOUT: { exitCode: 82 },
  GUEST_NOT_RUNNING: { exitCode: 83 },
  GUEST_NODE_RETRIEVE: { exitCode: 85 },
  GUEST_PROFILE_NOT_FOUND: { exitCode: 85 },

  RUNTIME_ENABLE: { exitCode: 90 },
  RUNTIME_UNSUPPORTED: { exitCode: 96 },

  K8S_INSTALL_FAILED: { exitCode: 100 },
  K8S_START_TIMEOUT: { exitCode: 102 },
  K8S_APISERVER_STOPPED: { exitCode: 103 },
  K8S_OLD_UNSUPPORTED: { exitCode: 106 },
  K8S_NEW_UNSUPPORTED: { exitCode: 106 },
  K8S_DOWNGRADE_UNSUPPORTED: { exitCode: 106 },
  MK_K8S_CLIENT: { exitCode: 109 },

  SVC_LIST: { exitCode: 110 },
  SVC_URL_TIMEOUT: { exitCode: 112 },
  SVC_NOT_FOUND: { exitCode: 115 },
  SVC_UNREACHABLE: { exitCode: 115 },
} as const satisfies Record<string, Reason>

export type ReasonId = keyof typeof reasons
