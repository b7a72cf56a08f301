/** `Struct: text` and `Struct.field: text`, one a line, in our own words. */
export const descriptionTexts = `
Pod: One or more containers that share a network address and volumes, and run together on one node.
PodSpec: How a pod is to run.
PodSpec.containers: The containers of the pod; at least one. Cannot be added to or removed from later.
PodSpec.initContainers: Containers that run to their end, one after another, before the others start; those with restartPolicy Always keep running beside them.
PodSpec.ephemeralContainers: Containers put into a running pod to look at it, by kubectl debug.
PodSpec.volumes: Volumes that containers of the pod can mount.
PodSpec.restartPolicy: Whether containers are started again when they end: Always, OnFailure or Never.
PodSpec.nodeName: Node that the pod runs on; set by the scheduler unless given.
PodSpec.nodeSelector: Labels that a node must have for the pod to run there.
PodSpec.affinity: Which nodes, and which company of other pods, the pod prefers or insists on.
PodSpec.tolerations: Taints of nodes that do not keep the pod away.
PodSpec.topologySpreadConstraints: How evenly pods of this kind spread over zones, nodes or other domains.
PodSpec.serviceAccountName: ServiceAccount as which the pod talks to the API.
PodSpec.serviceAccount: Old name of serviceAccountName.
PodSpec.automountServiceAccountToken: Whether containers get a token for the API.
PodSpec.hostNetwork: Use the network of the node instead of an own one.
PodSpec.hostPID: See the processes of the node.
PodSpec.hostIPC: Share the node's inter-process communication.
PodSpec.hostUsers: Share the user ids of the node; false gives the pod a user namespace of its own.
PodSpec.shareProcessNamespace: Let the containers see each other's processes.
PodSpec.securityContext: Users, groups and privileges for all containers of the pod.
PodSpec.imagePullSecrets: Secrets with credentials for the registries of the images.
PodSpec.hostname: Host name inside the pod; its own name by default.
PodSpec.subdomain: Makes the host name part of a domain: hostname.subdomain.namespace.svc.cluster.local.
PodSpec.dnsPolicy: Where names are resolved: ClusterFirst, ClusterFirstWithHostNet, Default or None.
PodSpec.dnsConfig: Name servers, search domains and options beside or instead of those of dnsPolicy.
PodSpec.hostAliases: Lines for the pod's hosts file.
PodSpec.priorityClassName: Class that says how important the pod is.
PodSpec.priority: Importance as a number; follows from priorityClassName.
PodSpec.preemptionPolicy: Whether less important pods may be removed to make room.
PodSpec.schedulerName: Scheduler that chooses the node.
PodSpec.schedulingGates: While there are any, the pod is not scheduled.
PodSpec.terminationGracePeriodSeconds: Time between the request to stop and being killed.
PodSpec.activeDeadlineSeconds: Time after which a running pod is stopped and counts as failed.
PodSpec.readinessGates: Further conditions that must be true for the pod to be ready.
PodSpec.runtimeClassName: RuntimeClass that runs the pod's containers.
PodSpec.enableServiceLinks: Whether services of the namespace appear as environment variables.
PodSpec.overhead: What running the pod costs beyond its containers.
PodSpec.os: Operating system that the containers are made for.
PodSpec.resources: Requests and limits for the pod as a whole.
PodSpec.resourceClaims: Devices that the pod's containers may use.
PodStatus: What became of a pod.
PodStatus.phase: Pending, Running, Succeeded, Failed or Unknown.
PodStatus.podIP: Address of the pod.
PodStatus.podIPs: Addresses of the pod, at most one of each IP family.
PodStatus.hostIP: Address of the node.
PodStatus.startTime: When the node accepted the pod.
PodStatus.reason: A word for why the pod is in this state.
PodStatus.message: A sentence about why the pod is in this state.
PodStatus.qosClass: Guaranteed, Burstable or BestEffort, from requests and limits.
PodStatus.containerStatuses: State of each container.
PodStatus.initContainerStatuses: State of each init container.
PodStatus.ephemeralContainerStatuses: State of each ephemeral container.
PodStatus.nominatedNodeName: Node where room is being made for the pod.
PodTemplateSpec: What the pods that a controller makes look like.
PodTemplate: A description of pods, kept for others to use.
Container: A program in a container of a pod.
Container.name: Name of the container, unique in the pod.
Container.image: Image to run.
Container.imagePullPolicy: When the image is fetched: Always, IfNotPresent or Never.
Container.command: What to run, instead of the image's entrypoint.
Container.args: Arguments, instead of the image's.
Container.workingDir: Folder to start in.
Container.env: Environment variables.
Container.envFrom: ConfigMaps and Secrets whose keys become environment variables.
Container.ports: Ports that the container listens on; for information, all others are reachable too.
Container.resources: CPU, memory and more: what is reserved (requests) and what may be used at most (limits).
Container.volumeMounts: Where volumes of the pod appear in the container.
Container.volumeDevices: Block devices that the container gets.
Container.livenessProbe: Check that restarts the container when it fails.
Container.readinessProbe: Check that decides whether services send traffic to the pod.
Container.startupProbe: Check that holds back the others until it has succeeded once.
Container.lifecycle: What to do right after the start and before the stop.
Container.securityContext: User, capabilities and privileges.
Container.stdin: Keep standard input open.
Container.stdinOnce: Close standard input when the first client leaves.
Container.tty: Give the container a terminal.
Container.restartPolicy: For init containers: Always makes one a sidecar.
Container.terminationMessagePath: File whose content is shown as the reason of the end.
Container.terminationMessagePolicy: File, or FallbackToLogsOnError to take the end of the log.
ContainerPort: A port of a container.
ContainerPort.containerPort: Number of the port.
ContainerPort.hostPort: Port of the node that leads to it.
ContainerPort.protocol: TCP, UDP or SCTP.
ContainerPort.name: Name that services and probes can use.
EnvVar: An environment variable.
EnvVar.name: Name of the variable.
EnvVar.value: Its value; $(OTHER) stands for another variable.
EnvVar.valueFrom: Where the value comes from instead.
EnvVarSource: Where the value of a variable comes from.
EnvVarSource.fieldRef: A field of the pod, such as metadata.name or status.podIP.
EnvVarSource.resourceFieldRef: A request or limit of the container.
EnvVarSource.configMapKeyRef: A key of a ConfigMap.
EnvVarSource.secretKeyRef: A key of a Secret.
VolumeMount: Where a volume appears in a container.
VolumeMount.name: Name of the volume in the pod.
VolumeMount.mountPath: Path in the container.
VolumeMount.subPath: Part of the volume to mount.
VolumeMount.readOnly: Do not allow writing.
Probe: A check of a container.
Probe.exec: A command that must end with 0.
Probe.httpGet: A request that must be answered with 200 to 399.
Probe.tcpSocket: A port that must accept connections.
Probe.grpc: A service that must report itself as serving.
Probe.initialDelaySeconds: Time after the start before the first check.
Probe.periodSeconds: Time between checks.
Probe.timeoutSeconds: Time that one check may take.
Probe.successThreshold: Successes in a row that turn the result to good.
Probe.failureThreshold: Failures in a row that turn the result to bad.
Lifecycle: What to do at the start and the stop of a container.
Lifecycle.postStart: Done right after the container started; if it fails, the container is stopped.
Lifecycle.preStop: Done before the container is asked to stop.
ResourceRequirements: What a container needs and what it may use.
ResourceRequirements.limits: The most that may be used.
ResourceRequirements.requests: What is reserved; the limits by default.
SecurityContext: Privileges of a container.
SecurityContext.runAsUser: User id of the process.
SecurityContext.runAsGroup: Group id of the process.
SecurityContext.runAsNonRoot: Refuse to run as root.
SecurityContext.privileged: Nearly all rights of root on the node.
SecurityContext.capabilities: Capabilities to add and to drop.
SecurityContext.readOnlyRootFilesystem: Do not allow writing to the image's files.
SecurityContext.allowPrivilegeEscalation: Whether processes may gain more rights than their parent.
SecurityContext.seccompProfile: System calls that are allowed.
PodSecurityContext: Users, groups and privileges for all containers of a pod.
PodSecurityContext.fsGroup: Group that owns the volumes.
PodSecurityContext.runAsUser: User id of the processes, unless a container says otherwise.
PodSecurityContext.supplementalGroups: Further groups of the processes.
PodSecurityContext.sysctls: Kernel parameters of the pod.
Volume: Files that containers of a pod can share, or that come from elsewhere.
Volume.name: Name of the volume in the pod.
Volume.emptyDir: An empty folder that lives as long as the pod.
Volume.hostPath: A file or folder of the node.
Volume.configMap: Keys of a ConfigMap as files.
Volume.secret: Keys of a Secret as files.
Volume.projected: Several sources in one folder.
Volume.downwardAPI: Fields of the pod as files.
Volume.persistentVolumeClaim: Storage that a PersistentVolumeClaim of the namespace holds.
Volume.ephemeral: Storage claimed for the life of the pod.
Volume.csi: Storage of a CSI driver, for the life of the pod.
Volume.nfs: A folder of an NFS server.
Volume.image: The files of an image.
Toleration: A taint that does not keep the pod away.
Affinity: Preferences about nodes and company.
Affinity.nodeAffinity: Rules about the node's labels.
Affinity.podAffinity: Pods to be near to.
Affinity.podAntiAffinity: Pods to be apart from.
Deployment: Keeps a number of equal pods running, and replaces them step by step when their description changes.
DeploymentSpec: How many pods, of which kind, and how they are replaced.
DeploymentSpec.replicas: How many pods.
DeploymentSpec.selector: Labels by which the deployment knows its pods; cannot change.
DeploymentSpec.template: What the pods look like.
DeploymentSpec.strategy: How old pods are replaced by new ones.
DeploymentSpec.minReadySeconds: How long a new pod must be ready before it counts.
DeploymentSpec.revisionHistoryLimit: How many old versions are kept to go back to.
DeploymentSpec.paused: Do not roll out changes.
DeploymentSpec.progressDeadlineSeconds: Time without progress after which a rollout counts as failed.
DeploymentStrategy: How old pods are replaced.
DeploymentStrategy.type: RollingUpdate or Recreate.
DeploymentStrategy.rollingUpdate: How many at a time.
RollingUpdateDeployment: How many pods are replaced at a time.
RollingUpdateDeployment.maxSurge: How many more than wanted there may be meanwhile: a number or a percentage.
RollingUpdateDeployment.maxUnavailable: How many fewer than wanted may be available meanwhile: a number or a percentage.
DeploymentStatus: How far a deployment is.
DeploymentStatus.replicas: Pods there are.
DeploymentStatus.updatedReplicas: Pods of the newest description.
DeploymentStatus.readyReplicas: Pods that are ready.
DeploymentStatus.availableReplicas: Pods that have been ready for long enough.
DeploymentStatus.unavailableReplicas: Pods still missing.
ReplicaSet: Keeps a number of equal pods running; usually made by a Deployment.
StatefulSet: Pods with stable names and storage of their own, started and stopped in order.
StatefulSetSpec: How many pods, of which kind, with which storage.
StatefulSetSpec.replicas: How many pods.
StatefulSetSpec.serviceName: Headless service under which the pods have their names.
StatefulSetSpec.template: What the pods look like.
StatefulSetSpec.volumeClaimTemplates: Claims that each pod gets for itself and keeps.
StatefulSetSpec.podManagementPolicy: OrderedReady for one after another, Parallel for all at once.
StatefulSetSpec.updateStrategy: How pods are replaced when their description changes.
StatefulSetSpec.persistentVolumeClaimRetentionPolicy: What becomes of the claims when the set is deleted or scaled down.
DaemonSet: A pod on every node, or on every one that matches.
DaemonSetSpec: Which pod, and on which nodes.
DaemonSetSpec.template: What the pods look like; its node selector says where.
DaemonSetSpec.updateStrategy: How pods are replaced when their description changes.
Job: Runs pods until enough of them have succeeded.
JobSpec: What to run, and how often.
JobSpec.completions: How many pods must succeed.
JobSpec.parallelism: How many run at the same time.
JobSpec.backoffLimit: How many failures are retried.
JobSpec.activeDeadlineSeconds: Time after which the job is stopped.
JobSpec.ttlSecondsAfterFinished: When a finished job is deleted.
JobSpec.suspend: Do not run pods.
JobSpec.completionMode: NonIndexed, or Indexed to number the pods.
JobSpec.template: What the pods look like.
CronJob: Makes a Job at given times.
CronJobSpec: When, and what.
CronJobSpec.schedule: The times, in the form of cron.
CronJobSpec.timeZone: Time zone of the schedule.
CronJobSpec.concurrencyPolicy: Allow, Forbid or Replace, when the last job still runs.
CronJobSpec.jobTemplate: What the jobs look like.
CronJobSpec.suspend: Do not make jobs.
CronJobSpec.startingDeadlineSeconds: How late a job may start.
Service: A stable address and name for a group of pods.
ServiceSpec: Which pods, by which ports, reachable how.
ServiceSpec.selector: Labels of the pods.
ServiceSpec.ports: Ports of the service.
ServiceSpec.type: ClusterIP, NodePort, LoadBalancer or ExternalName.
ServiceSpec.clusterIP: Address inside the cluster; None for a service that is only a name for its pods.
ServiceSpec.clusterIPs: Addresses inside the cluster, at most one of each IP family.
ServiceSpec.externalIPs: Further addresses that lead to the service on every node.
ServiceSpec.externalName: Name that the service is an alias of.
ServiceSpec.sessionAffinity: None, or ClientIP to send a client to the same pod each time.
ServiceSpec.externalTrafficPolicy: Cluster, or Local to keep traffic from outside on its node.
ServiceSpec.internalTrafficPolicy: Cluster, or Local to keep traffic from pods on their node.
ServiceSpec.ipFamilies: IP families of the service.
ServiceSpec.loadBalancerIP: Address asked of the load balancer.
ServiceSpec.publishNotReadyAddresses: Give names to pods that are not ready too.
ServicePort: A port of a service.
ServicePort.port: Port of the service.
ServicePort.targetPort: Port of the pods, by number or name.
ServicePort.nodePort: Port of every node that leads to the service.
ServicePort.protocol: TCP, UDP or SCTP.
ServicePort.name: Name of the port; needed when there are several.
Endpoints: Addresses of a service's pods; EndpointSlice is newer.
EndpointSlice: Some of the addresses of a service's pods.
Ingress: Rules by which HTTP requests from outside reach services.
IngressClass: A kind of ingress controller.
NetworkPolicy: Which traffic pods may send and receive.
ConfigMap: Settings, by key, for pods to read.
ConfigMap.data: Texts by key.
ConfigMap.binaryData: Bytes by key, in base64.
ConfigMap.immutable: Do not allow changes.
Secret: Passwords, keys and certificates for pods to read.
Secret.data: Bytes by key, in base64.
Secret.stringData: Texts by key; become part of data, and are never shown.
Secret.type: What the secret is for.
Secret.immutable: Do not allow changes.
Namespace: A space for names; most objects live in one.
NamespaceSpec.finalizers: What must be done before the namespace is gone.
Node: A machine that runs pods.
NodeSpec: How a node is to be used.
NodeSpec.unschedulable: Do not put new pods here.
NodeSpec.taints: What keeps pods away that do not tolerate it.
NodeSpec.podCIDR: Addresses for the node's pods.
NodeStatus: What a node is and how it does.
NodeStatus.addresses: Addresses and names of the node.
NodeStatus.capacity: What the node has.
NodeStatus.allocatable: What of it pods may use.
NodeStatus.nodeInfo: Versions of the software on the node.
NodeStatus.images: Images that are there.
PersistentVolume: A piece of storage.
PersistentVolumeClaim: A request for storage, and the storage that it got.
PersistentVolumeClaimSpec: Which storage is wanted.
PersistentVolumeClaimSpec.accessModes: Who may use it: ReadWriteOnce, ReadOnlyMany, ReadWriteMany or ReadWriteOncePod.
PersistentVolumeClaimSpec.resources: How much, as requests.storage.
PersistentVolumeClaimSpec.storageClassName: Class that provides it.
PersistentVolumeClaimSpec.volumeName: The PersistentVolume that it got.
PersistentVolumeClaimSpec.volumeMode: Filesystem or Block.
StorageClass: A kind of storage, and who provides it.
StorageClass.provisioner: Who makes the volumes.
StorageClass.reclaimPolicy: Delete or Retain the volume when its claim is gone.
StorageClass.volumeBindingMode: Immediate, or WaitForFirstConsumer to choose with the pod's node.
StorageClass.allowVolumeExpansion: Whether claims may grow.
StorageClass.parameters: Settings for the provisioner.
ServiceAccount: An identity for programs.
Role: Rights in a namespace.
ClusterRole: Rights in the whole cluster, or in any namespace where they are bound.
ClusterRole.rules: What is allowed.
Role.rules: What is allowed.
RoleBinding: Gives rights in a namespace to somebody.
ClusterRoleBinding: Gives rights in the whole cluster to somebody.
RoleBinding.roleRef: The rights.
RoleBinding.subjects: Who gets them.
ClusterRoleBinding.roleRef: The rights.
ClusterRoleBinding.subjects: Who gets them.
PolicyRule: Verbs that are allowed on resources.
PolicyRule.verbs: get, list, watch, create, update, patch, delete and so on, or *.
PolicyRule.apiGroups: Groups of the resources; the core group is empty.
PolicyRule.resources: The resources, with subresources as pods/log.
PolicyRule.resourceNames: Names of the only objects that are meant.
PolicyRule.nonResourceURLs: Paths that are no resources, such as /healthz.
HorizontalPodAutoscaler: Changes the number of pods with their load.
PodDisruptionBudget: How many pods may be down at a time for reasons that can wait.
PriorityClass: How important pods are.
ResourceQuota: How much a namespace may use.
LimitRange: Defaults and limits for each pod of a namespace.
Event: Something that happened to an object.
Lease: Who holds something, and until when.
CustomResourceDefinition: Adds a kind of object to the API.
CustomResourceDefinitionSpec.group: Group of the new kind.
CustomResourceDefinitionSpec.names: How it is called.
CustomResourceDefinitionSpec.scope: Namespaced or Cluster.
CustomResourceDefinitionSpec.versions: Its versions, with their schemas.
ObjectMeta: What all objects have.
ObjectMeta.name: Name, unique for the kind in its namespace; cannot change.
ObjectMeta.generateName: Beginning of a name that the server completes.
ObjectMeta.namespace: Namespace that the object lives in.
ObjectMeta.labels: Marks to select objects by.
ObjectMeta.annotations: Notes by tools and people.
ObjectMeta.uid: Identity that no other object ever has.
ObjectMeta.resourceVersion: Changes with every write; lets a writer notice that somebody else was faster.
ObjectMeta.generation: Counts changes of what is wanted.
ObjectMeta.creationTimestamp: CreationTimestamp is a timestamp that says when the object was made.
ObjectMeta.deletionTimestamp: Set when deletion was asked for; the object goes when its finalizers are empty.
ObjectMeta.deletionGracePeriodSeconds: Time to end in peace.
ObjectMeta.finalizers: What must be done before the object is gone.
ObjectMeta.ownerReferences: Objects that this one belongs to, and goes with.
ObjectMeta.managedFields: Who set which field.
LabelSelector: Selects objects by their labels.
LabelSelector.matchLabels: Labels with exactly these values.
LabelSelector.matchExpressions: Further conditions on labels.
`
