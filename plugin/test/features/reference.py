# Prints the reference numbers of plugin/test/{features,raster,segment}: python3 reference.py
# (scikit-learn 1.9.1, scipy; the data are formulas that reference.ts repeats).
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.cluster import KMeans
from scipy.ndimage import gaussian_filter
# deterministic data by formulas reproducible in JS
def unit(i): # fractional part of a sine: the same in JS to 1e-12
    v=np.sin(i*12.9898+0.5)*43758.5453
    return v-np.floor(v)
n,d=60,3
X=unit(np.arange(n*d)).reshape(n,d)
y=np.arange(n)%3
X=X+0.4*np.stack([y==0,y==1,y==2],1)
X=X.astype(np.float32)
for C in (0.02,1.0):
    m=LogisticRegression(C=C,tol=1e-10,max_iter=10000).fit(X.astype(float),y)
    print('multi',C,repr(m.predict_proba(X[:4].astype(float)).round(6).tolist()))
b=y<2
m=LogisticRegression(C=1.0,tol=1e-10,max_iter=10000).fit(X[b].astype(float),y[b])
print('bin',repr(m.predict_proba(X[b][:4].astype(float)).round(6).tolist()))
# blobs
c=np.array([[0,0,5],[4,0,-5],[0,6,0],[-7,1,2]],float)
sizes=[50,30,20,40]
lab=np.repeat(np.arange(4),sizes)
B=(c[lab]+ (unit(np.arange(140*3)+1000).reshape(-1,3)-0.5)).astype(np.float32)
k=KMeans(4,n_init=10,random_state=0).fit(B)
print('kmeans',k.inertia_,np.bincount(k.labels_),k.cluster_centers_.tolist())
# unstructured: inertia only
U=unit(np.arange(300*4)+5000).reshape(-1,4).astype(np.float32)
k=KMeans(5,n_init=50,random_state=0,tol=0,max_iter=1000).fit(U)
print('uniform',k.inertia_)
g=unit(np.arange(7*5)+77).reshape(7,5).astype(np.float32)
for mode in ('reflect','nearest','mirror'):
    r=gaussian_filter(g.astype(float),1.3,mode=mode,truncate=4)
    print(mode, r[0].round(7).tolist(), r[3].round(7).tolist(), r[6].round(7).tolist())
# Classical features of unit(300 … 300 + 24·20) as 24 × 20 at (11, 9) and (0, 19): the image continued by mirroring.
from scipy.ndimage import correlate1d
f=unit(np.arange(24*20)+300).reshape(24,20).astype(np.float32).astype(float)
P=60
big=np.pad(f,P,mode='reflect')
for sigma in (1.0,2.0):
    s=gaussian_filter(big,sigma,truncate=4)
    d=lambda a,ax: correlate1d(a,[-.5,0,.5],axis=ax)
    d2=lambda a,ax: correlate1d(a,[1,-2,1],axis=ax)
    dy,dx=d(s,0),d(s,1)
    eig=lambda a,b,c:((a+c)/2+np.sqrt(((a-c)/2)**2+b*b),(a+c)/2-np.sqrt(((a-c)/2)**2+b*b))
    h=eig(d2(s,0),d(dy,1),d2(s,1))
    g=lambda a: gaussian_filter(a,sigma,truncate=4)
    t=[np.sqrt(np.maximum(e,0)) for e in eig(g(dy*dy),g(dy*dx),g(dx*dx))]
    dog=s-gaussian_filter(big,1.6*sigma,truncate=4)
    for y,x in ((11,9),(0,19)):
        print('classical',sigma,(y,x),[round(float(a[y+P,x+P]),6) for a in (s,np.hypot(dy,dx),*h,*t,dog)])
# Enlarging and shrinking a line by the triangle filter, edges repeated: PIL's BILINEAR.
from PIL import Image
line=unit(np.arange(9)+40).astype(np.float32)
for size in (18,4,9*3//2):
    print('resample',size,[round(float(v),5) for v in np.asarray(Image.fromarray(line[None]).resize((size,1),Image.BILINEAR))[0]])
