"""The divergence that openTSNE reaches on three blobs of 700 points, as in ClusteringTests. Needs openTSNE, scikit-learn, numpy."""
import numpy as np, openTSNE, time
from sklearn.decomposition import PCA
rng=np.random.default_rng(1)
n=2100; c=np.arange(n)%3
X=(rng.uniform(-1,1,(n,60))+rng.uniform(-1,1,(n,60))+rng.uniform(-1,1,(n,60))).astype(np.float32)
for d in range(60): X[:,d]+=6*(c==d%3)
X=PCA(50).fit_transform(X)
for its in (250,600):
  t=openTSNE.TSNE(perplexity=15,n_iter=its,early_exaggeration_iter=150,early_exaggeration=12,n_jobs=1,negative_gradient_method="bh",initialization="pca",random_state=0)
  e=t.fit(X); print(its,e.kl_divergence)
