/** Version of this minikube. */
export const version = 'v0.1.0'
