"""A corpus of wrong functions in many hands: the first proposal that mends one stands at the marked line.

In a case, `wrong  #! right` marks a line and what it should be; `wrong  #!` a line that should not be there.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from grader.model import Definition, Proposal, RepairRequest
from grader.notebook.repairs import propose

DAL = "-(np.divide({1}, {0}) - np.divide(1 - {1}, 1 - {0}))"
COST = "-np.sum({1} * np.log({0}) + (1 - {1}) * np.log(1 - {0})) / {1}.shape[1]"
LOSS = "{1} * np.log({0}) + (1 - {1}) * np.log(1 - {0})"

CORPUS = """
=== linear_backward: over_m
def linear_backward(dZ, cache):
    A_prev, W, b = cache
    m = A_prev.shape[1]
    dW = dZ @ A_prev.T  #! dW = dZ @ A_prev.T / m
    db = np.sum(dZ, axis=1, keepdims=True) / m
    return W.T @ dZ, dW, db
=== linear_backward: over_m
def linear_backward(dZ, cache):
    (A, W, _) = cache
    return W.T.dot(dZ), dZ.dot(A.T) / dZ.shape[1], dZ.sum(1, keepdims=True)  #! return W.T.dot(dZ), dZ.dot(A.T) / dZ.shape[1], dZ.sum(1, keepdims=True) / dZ.shape[1]
=== linear_backward: over_m
def linear_backward(dZ, cache):
    A, W, b = cache
    m = A.shape[1]
    dW = np.zeros(W.shape)
    db = np.zeros(b.shape)
    for i in range(m):
        dW += np.outer(dZ[:, i], A[:, i])
        db[:, 0] += dZ[:, i]
    dW /= m
    db = db / m / m  #! db = db / m
    return np.dot(W.T, dZ), dW, db
=== linear_backward: over_m
def linear_backward(dZ, cache):
    A, W, b = cache
    m = A.shape[1]
    dW = np.einsum('ik,jk->ij', dZ, A)  #! dW = np.einsum('ik,jk->ij', dZ, A) / m
    db = np.einsum('ik->i', dZ)[:, None] / m
    dA = np.einsum('ij,ik->jk', W, dZ)
    return dA, dW, db
=== linear_backward: over_m
def linear_backward(dZ, cache):
    A, W, b = cache
    inv = 1 / A.shape[1]
    dW = inv * np.dot(dZ, A.T)
    db = inv * np.sum(dZ, axis=1, keepdims=True)
    dA = inv * np.dot(W.T, dZ)  #! dA = np.dot(W.T, dZ)
    return dA, dW, db
=== linear_backward: over_m
def linear_backward(dZ, cache):
    A, W, b = cache
    m = A.shape[1]
    dW = (1 / m) * np.dot(dZ, A.T)
    db = np.multiply(1 / m, np.sum(dZ, axis=1, keepdims=True))
    dA = np.dot(W.T, dZ)
    dA *= 1 / m  #!
    return dA, dW, db
=== linear_backward: over_m
def linear_backward(dZ, cache):
    A, W, b = cache
    m = float(A.shape[1])
    return (np.dot(W.T, dZ),
            np.divide(np.dot(dZ, A.T), m),
            np.sum(dZ, axis=1, keepdims=True))  #! np.sum(dZ, axis=1, keepdims=True) / m)
=== linear_backward: over_m
def linear_backward(dZ, cache):
    A, W, b = cache
    grad = lambda x: np.dot(dZ, x.T)  #! grad = lambda x: np.dot(dZ, x.T) / dZ.shape[1]
    db = np.mean(dZ, axis=1, keepdims=True)
    return np.dot(W.T, dZ), grad(A), db
=== linear_backward: over_m
def linear_backward(dZ, cache):
    A, W, b = cache
    def averaged(x):
        return x  #! return x / dZ.shape[1]
    dW = averaged(dZ @ A.T)
    db = averaged(dZ.sum(axis=1, keepdims=True))
    return W.T @ dZ, dW, db
=== linear_backward: over_m
def weights(dZ, A):
    product = np.dot(dZ, A.T)  #! product = np.dot(dZ, A.T) / A.shape[1]
    return product
def linear_backward(dZ, cache):
    A, W, b = cache
    dW = weights(dZ, A)
    db = np.mean(dZ, 1, keepdims=True)
    return W.T @ dZ, dW, db
=== linear_backward: over_m
linear_backward = lambda dZ, c: (c[1].T @ dZ, dZ @ c[0].T, dZ.mean(1, keepdims=True))  #! linear_backward = lambda dZ, c: (c[1].T @ dZ, dZ @ c[0].T / dZ.shape[1], dZ.mean(1, keepdims=True))
=== linear_backward: over_m
def linear_backward(dZ, cache):
	A, W, b = cache; m = A.shape[1]
	dW = np.dot(dZ, A.T)/m; db = np.sum(dZ, axis=1, keepdims=True)/m; dA = np.dot(W.T, dZ)/m  #! dW = np.dot(dZ, A.T)/m; db = np.sum(dZ, axis=1, keepdims=True)/m; dA = np.dot(W.T, dZ)
	return dA, dW, db
=== linear_backward: over_m
def linear_backward(dZ, cache):
    A, W, b = cache
    m = A.shape[1]
    ñ, Δ = dZ, 'ΔΔΔ'; dW = np.dot(ñ, A.T)  #! ñ, Δ = dZ, 'ΔΔΔ'; dW = np.dot(ñ, A.T) / m
    db = np.mean(ñ, axis=1, keepdims=True)
    return W.T @ ñ, dW, db
=== linear_backward: over_m
def linear_backward(dZ, cache):
    A, W, b = cache
    m = A.shape[1]
    if (dW := np.dot(dZ, A.T)) is not None:  #! if (dW := np.dot(dZ, A.T) / m) is not None:
        db = np.sum(dZ, axis=1, keepdims=True) / m
    return W.T @ dZ, dW, db
=== linear_backward: over_m
def linear_backward(dZ, cache):
    A, W, b = cache
    m = A.shape[1]
    dW = sum(np.outer(dZ[:, k], A[:, k]) for k in range(m))  #! dW = sum(np.outer(dZ[:, k], A[:, k]) for k in range(m)) / m
    db = np.array([[sum(row) / m] for row in dZ])
    return W.T @ dZ, dW, db
=== linear_backward: over_m
import numpy as xp
def linear_backward(dZ, cache):
    A, W, b = cache
    dW = xp.mean(dZ[:, None, :] * A[None], axis=-1)
    db = xp.sum(dZ, axis=1, keepdims=True)  #! db = xp.mean(dZ, axis=1, keepdims=True)
    return W.T @ dZ, dW, db
=== linear_backward: over_n
def linear_backward(dZ, cache):
    A, W, b = cache
    m = A.shape[0]  #! m = A.shape[1]
    dW = np.dot(dZ, A.T) / m
    db = np.sum(dZ, axis=1, keepdims=True) / m
    return W.T @ dZ, dW, db
=== linear_backward: over_n
def linear_backward(dZ, cache):
    A, W, b = cache
    dW = np.dot(dZ, A.T) / len(dZ)  #! dW = np.dot(dZ, A.T) / dZ.shape[1]
    db = np.mean(dZ, axis=1, keepdims=True)
    return W.T @ dZ, dW, db
=== linear_backward: over_n
def linear_backward(dZ, cache):
    A, W, b = cache
    n, m = A.shape
    dW = 1 / n * np.dot(dZ, A.T)  #! dW = 1 / m * np.dot(dZ, A.T)
    db = np.mean(dZ, axis=1, keepdims=True)
    return W.T @ dZ, dW, db
=== linear_backward: over_n
def linear_backward(dZ, cache):
    A, W, b = cache
    m, n = A.shape  #! n, m = A.shape
    dW = np.dot(dZ, A.T) / m
    db = np.sum(dZ, 1, keepdims=True) / m
    return W.T @ dZ, dW, db
=== linear_backward: sign
def linear_backward(dZ, cache):
    A, W, b = cache
    m = A.shape[1]
    dW = -1 / m * np.dot(dZ, A.T)  #! dW = 1 / m * np.dot(dZ, A.T)
    db = 1 / m * np.sum(dZ, axis=1, keepdims=True)
    return W.T @ dZ, dW, db
=== linear_backward: sign
def linear_backward(dZ, cache):
    A, W, b = cache
    m = A.shape[1]
    dW = np.dot(dZ, A.T) / m
    db = np.sum(-dZ, axis=1, keepdims=True) / m  #! db = np.sum(dZ, axis=1, keepdims=True) / m
    return W.T @ dZ, dW, db
=== linear_backward: sign
def linear_backward(dZ, cache):
    A, W, b = cache
    m = A.shape[1]
    dW = np.dot(dZ, A.T) / m * (-1)  #! dW = np.dot(dZ, A.T) / m
    db = np.sum(dZ, axis=1, keepdims=True) / m
    return W.T @ dZ, dW, db
=== linear_backward: axis
def linear_backward(dZ, cache):
    A, W, b = cache
    m = A.shape[1]
    dW = np.dot(dZ, A.T) / m
    db = np.sum(dZ, 1) / m  #! db = np.sum(dZ, 1, keepdims=True) / m
    return W.T @ dZ, dW, db
=== linear_backward: axis
def linear_backward(dZ, cache):
    A, W, b = cache
    db = dZ.mean(axis=1)  #! db = dZ.mean(axis=1, keepdims=True)
    return W.T @ dZ, dZ @ A.T / dZ.shape[1], db
=== linear_backward: axis
def linear_backward(dZ, cache):
    A, W, b = cache
    db = np.squeeze(dZ.mean(axis=1, keepdims=True))  #! db = dZ.mean(axis=1, keepdims=True)
    return W.T @ dZ, dZ @ A.T / dZ.shape[1], db
=== linear_backward: axis
def linear_backward(dZ, cache):
    A, W, b = cache
    m = A.shape[1]
    db = np.sum(dZ) / m  #! db = np.sum(dZ, axis=1, keepdims=True) / m
    return W.T @ dZ, dZ @ A.T / m, db
=== linear_backward: axis
def linear_backward(dZ, cache):
    A, W, b = cache
    m = A.shape[1]
    db = (1 / m) * np.sum(dZ, axis = 0, keepdims = True)  #! db = (1 / m) * np.sum(dZ, axis = 1, keepdims = True)
    return W.T @ dZ, dZ @ A.T / m, db
=== linear_backward: axis
def linear_backward(dZ, cache):
    A, W, b = cache
    m = A.shape[1]
    db = np.einsum('ij->i', dZ) / m  #! db = np.einsum('ij->i', dZ).reshape(-1, 1) / m
    return W.T @ dZ, dZ @ A.T / m, db
=== linear_backward: transpose
def linear_backward(dZ, cache):
    A, W, b = cache
    m = A.shape[1]
    dW = A @ dZ.T / m  #! dW = dZ @ A.T / m
    return W.T @ dZ, dW, dZ.mean(1, keepdims=True)
=== linear_backward: transpose
def linear_backward(dZ, cache):
    A, W, b = cache
    m = A.shape[1]
    dW = np.dot(A, np.transpose(dZ)) / m  #! dW = np.dot(dZ, np.transpose(A)) / m
    return W.T @ dZ, dW, dZ.mean(1, keepdims=True)
=== linear_backward: transpose
def linear_backward(dZ, cache):
    A, W, b = cache
    dA = W @ dZ  #! dA = W.T @ dZ
    return dA, dZ @ A.T / dZ.shape[1], dZ.mean(1, keepdims=True)
=== linear_backward: transpose
def linear_backward(dZ, cache):
    A, W, b = cache
    dA = np.einsum('ij,jk->ik', W, dZ)  #! dA = np.einsum('ji,jk->ik', W, dZ)
    return dA, dZ @ A.T / dZ.shape[1], dZ.mean(1, keepdims=True)
=== linear_backward: transpose
def linear_backward(dZ, cache):
    A, W, b = cache
    dW = np.einsum('ik,jk->ji', dZ, A) / A.shape[1]  #! dW = np.einsum('ik,jk->ij', dZ, A) / A.shape[1]
    return W.T @ dZ, dW, dZ.mean(1, keepdims=True)
=== linear_backward: transpose
def linear_backward(dZ, cache):
    A, W, b = cache
    dA = np.dot(dZ.T, W)  #! dA = np.dot(dZ.T, W).T
    return dA, dZ @ A.T / dZ.shape[1], dZ.mean(1, keepdims=True)
=== linear_backward: name
def linear_backward(dZ, cache):
    A, W, b = cache
    m = A_prev.shape[1]  #! m = A.shape[1]
    return W.T @ dZ, dZ @ A.T / m, np.sum(dZ, 1, keepdims=True) / m
=== linear_backward: order
def linear_backward(dZ, cache):
    A, W, b = cache
    m = A.shape[1]
    return dZ @ A.T / m, W.T @ dZ, dZ.mean(1, keepdims=True)  #! return W.T @ dZ, dZ @ A.T / m, dZ.mean(1, keepdims=True)
=== linear_backward: order
def linear_backward(dZ, cache):
    W, A, b = cache  #! A, W, b = cache
    m = dZ.shape[1]
    return W.T @ dZ, dZ @ A.T / m, dZ.mean(1, keepdims=True)
=== linear_backward: statement
def linear_backward(dZ, cache):
    A, W, b = cache
    dA = W.T @ dZ
    dW = dZ @ A.T / dZ.shape[1]
    db = dZ.mean(1, keepdims=True)
    dA, dW, db  #! return dA, dW, db
=== linear_backward: statement
def linear_backward(dZ, cache):
    A, W, b = cache
    dA = W.T @ dZ
    dW = dZ @ A.T / dZ.shape[1]
    db = dZ.mean(1, keepdims=True)
    assert dW.shape == W.shape  #! return dA, dW, db
=== linear_backward: statement
def linear_backward(dZ, cache):
    A, W, b = cache
    dA = np.zeros(A.shape)
    for k in range(dZ.shape[1]):
        dA[:, k] = W.T @ dZ[:, k]
        return dA, dZ @ A.T / dZ.shape[1], dZ.mean(1, keepdims=True)  #! pass\n    return dA, dZ @ A.T / dZ.shape[1], dZ.mean(1, keepdims=True)
=== compute_cost: sign
def compute_cost(AL, Y):
    m = Y.shape[1]
    return np.squeeze(np.sum(Y * np.log(AL) + (1 - Y) * np.log(1 - AL)) / m)  #! return np.squeeze(-np.sum(Y * np.log(AL) + (1 - Y) * np.log(1 - AL)) / m)
=== compute_cost: sign
def compute_cost(AL, Y):
    logprobs = np.multiply(Y, np.log(AL)) - np.multiply(1 - Y, np.log(1 - AL))  #! logprobs = np.multiply(Y, np.log(AL)) + np.multiply(1 - Y, np.log(1 - AL))
    cost = -1 / Y.shape[1] * np.sum(logprobs)
    return cost
=== compute_cost: sign
def compute_cost(AL, Y):
    cost = (1 / Y.shape[1]) * (-np.dot(Y, np.log(AL).T) + np.dot(1 - Y, np.log(1 - AL).T))  #! cost = (1 / Y.shape[1]) * (-np.dot(Y, np.log(AL).T) - np.dot(1 - Y, np.log(1 - AL).T))
    return np.squeeze(cost)
=== compute_cost: over_m
def compute_cost(AL, Y):
    cost = -np.sum(np.multiply(np.log(AL), Y) + np.multiply(np.log(1 - AL), 1 - Y))  #! cost = -np.mean(np.multiply(np.log(AL), Y) + np.multiply(np.log(1 - AL), 1 - Y))
    return np.squeeze(cost)
=== compute_cost: over_m
def compute_cost(AL, Y):
    total = 0
    for a, y in zip(AL[0], Y[0]):
        total -= y * np.log(a) + (1 - y) * np.log(1 - a)
    return total  #! return total / Y.shape[1]
=== compute_cost: over_m
def compute_cost(AL, Y):
    m = Y.shape[1]
    cost = -(1 / m) * np.mean(Y * np.log(AL) + (1 - Y) * np.log(1 - AL))  #! cost = -np.mean(Y * np.log(AL) + (1 - Y) * np.log(1 - AL))
    return cost
=== compute_cost: constant over_m
def compute_cost(AL, Y):
    m = Y.shape[1]
    cost = -(1 / (2 * m)) * np.sum(Y * np.log(AL) + (1 - Y) * np.log(1 - AL))  #! cost = -(1 / m) * np.sum(Y * np.log(AL) + (1 - Y) * np.log(1 - AL))
    return cost
=== compute_cost: constant drop
def compute_cost(AL, Y):
    cost = -0.5 * np.mean(Y * np.log(AL) + (1 - Y) * np.log(1 - AL))  #! cost = -np.mean(Y * np.log(AL) + (1 - Y) * np.log(1 - AL))
    return cost
=== compute_cost: call
def compute_cost(AL, Y):
    loss = Y * np.log2(AL) + (1 - Y) * np.log2(1 - AL)  #! loss = Y * np.log(AL) + (1 - Y) * np.log(1 - AL)
    return -np.mean(loss)
=== compute_cost: call
def compute_cost(AL, Y):
    first = Y * np.log10(AL)  #! first = Y * np.log(AL)
    second = (1 - Y) * np.log10(1 - AL)  #! second = (1 - Y) * np.log(1 - AL)
    return -np.mean(first + second)
=== compute_cost: call
def compute_cost(AL, Y):
    loss = (Y * np.log(AL) + (1 - Y) * np.log(1 - AL)) / np.log(2)  #! loss = Y * np.log(AL) + (1 - Y) * np.log(1 - AL)
    return -np.mean(loss)
=== compute_cost: name formula
def compute_cost(AL, Y):
    m = AL.shape[1]
    cost = -np.sum(AL * np.log(Y) + (1 - AL) * np.log(1 - Y)) / m  #! cost = -np.sum(Y * np.log(AL) + (1 - Y) * np.log(1 - AL)) / m
    return cost
=== compute_cost: formula
def compute_cost(a, labels):
    cost = np.mean((a - labels) ** 2)  #! cost = -np.mean(labels * np.log(a) + (1 - labels) * np.log(1 - a))
    return cost
=== compute_cost: formula
def compute_cost(AL, Y):
    losses = -Y * np.log(AL)  #! losses = -(Y * np.log(AL) + (1 - Y) * np.log(1 - AL))
    return np.mean(losses)
=== compute_cost: name
def compute_cost(AL, Y):
    m = train_y.shape[1]  #! m = Y.shape[1]
    return -np.sum(Y * np.log(AL) + (1 - Y) * np.log(1 - AL)) / m
=== compute_cost: axis
def compute_cost(AL, Y):
    return -np.mean(Y * np.log(AL) + (1 - Y) * np.log(1 - AL), axis=1, keepdims=True)  #! return -np.mean(Y * np.log(AL) + (1 - Y) * np.log(1 - AL))
=== compute_cost: axis
def compute_cost(AL, Y):
    m = Y.shape[1]
    cost = -(np.dot(Y, np.log(AL).T) + np.dot(1 - Y, np.log(1 - AL).T)) / m  #! cost = np.squeeze(-(np.dot(Y, np.log(AL).T) + np.dot(1 - Y, np.log(1 - AL).T)) / m)
    return cost
=== sigmoid_backward: add
def sigmoid_backward(dA, cache):
    s = 1 / (1 + np.exp(-cache))
    dZ = s * (1 - s)  #! dZ = dA * s * (1 - s)
    return dZ
=== sigmoid_backward: add
def sigmoid_backward(dA, cache):
    s = 1 / (1 + np.exp(-cache))
    return dA * s  #! return dA * s * (1 - s)
=== sigmoid_backward: sign
def sigmoid_backward(dA, cache):
    s = 1 / (1 + np.exp(-cache))
    return dA * s * (1 + s)  #! return dA * s * (1 - s)
=== sigmoid_backward: drop call
def sigmoid_backward(dA, cache):
    s, _ = sigmoid(sigmoid(cache)[0])  #! s, _ = sigmoid(cache)
    return dA * s * (1 - s)
=== sigmoid_backward: statement name drop
def sigmoid_backward(dA, cache):
    Z, _ = sigmoid(cache)  #! Z = cache
    s = 1 / (1 + np.exp(-Z))
    return dA * s * (1 - s)
=== relu_backward: compare
def relu_backward(dA, cache):
    dZ = np.array(dA, copy=True)
    dZ[dA <= 0] = 0  #! dZ[cache <= 0] = 0
    return dZ
=== relu_backward: compare
def relu_backward(dA, cache):
    dZ = np.array(dA, copy=True)
    dZ[cache >= 0] = 0  #! dZ[cache <= 0] = 0
    return dZ
=== relu_backward: add
def relu_backward(dA, cache):
    return (cache > 0) * 1.0  #! return (cache > 0) * dA
=== relu_backward: compare
def relu_backward(dA, cache):
    dZ = dA  #! dZ = dA * (cache > 0)
    return dZ
=== relu_backward: name
def relu_backward(dA, cache):
    return np.where(dA > 0, dA, 0)  #! return np.where(cache > 0, dA, 0)
=== relu_backward: constant
def relu_backward(dA, cache):
    return dA * np.where(cache > 0, 1, 0.01)  #! return dA * np.where(cache > 0, 1, 0)
=== linear_forward: add
def linear_forward(A, W, b):
    Z = np.dot(W, A)  #! Z = np.dot(W, A) + b
    return Z, (A, W, b)
=== linear_forward: add
def linear_forward(A, W, b):
    cache = (A, W, b)
    return W @ A, cache  #! return W @ A + b, cache
=== linear_forward: transpose
def linear_forward(A, W, b):
    Z = W.T @ A + b  #! Z = W @ A + b
    return Z, (A, W, b)
=== linear_forward: order
def linear_forward(A, W, b):
    Z = W @ A + b
    cache = (W, A, b)  #! cache = (A, W, b)
    return Z, cache
=== linear_forward: order
def linear_forward(A, W, b):
    return W @ A + b, (b, W, A)  #! return W @ A + b, (A, W, b)
=== linear_activation_forward: call
def linear_activation_forward(A_prev, W, b, activation):
    Z, linear_cache = linear_forward(A_prev, W, b)
    if activation == 'sigmoid':
        A, activation_cache = relu(Z)  #! A, activation_cache = sigmoid(Z)
    else:
        A, activation_cache = sigmoid(Z)  #! A, activation_cache = relu(Z)
    return A, (linear_cache, activation_cache)
=== linear_activation_forward: call
def linear_activation_forward(A_prev, W, b, activation):
    Z, linear_cache = linear_forward(A_prev, W, b)
    functions = {'relu': sigmoid, 'sigmoid': relu}  #! functions = {'relu': relu, 'sigmoid': sigmoid}
    A, activation_cache = functions[activation](Z)
    return A, (linear_cache, activation_cache)
=== linear_activation_forward: call
def linear_activation_forward(A_prev, W, b, activation):
    Z, linear_cache = linear_forward(A_prev, W, b)
    if activation == 'sigmoid':
        A, activation_cache = sigmoid(Z)
    elif activation == 'relu':
        A, activation_cache = Z, Z  #! A, activation_cache = relu(Z)
    return A, (linear_cache, activation_cache)
=== L_model_forward: constant
def L_model_forward(X, parameters):
    caches, A = [], X
    L = len(parameters) // 2
    for l in range(1, L):
        A, c = linear_activation_forward(A, parameters['W%d' % l], parameters['b%d' % l], 'sigmoid')  #! A, c = linear_activation_forward(A, parameters['W%d' % l], parameters['b%d' % l], 'relu')
        caches.append(c)
    AL, c = linear_activation_forward(A, parameters['W%d' % L], parameters['b%d' % L], 'sigmoid')
    caches.append(c)
    return AL, caches
=== L_model_forward: constant
def L_model_forward(X, parameters):
    caches, A = [], X
    L = len(parameters) // 2
    for l in range(1, L + 1):
        A, c = linear_activation_forward(A, parameters['W%d' % l], parameters['b%d' % l], 'relu')  #! A, c = linear_activation_forward(A, parameters['W%d' % l], parameters['b%d' % l], 'sigmoid' if l == L else 'relu')
        caches.append(c)
    return A, caches
=== L_model_forward: constant
def L_model_forward(X, parameters):
    caches, A = [], X
    L = len(parameters) // 2
    for l in range(1, L + 1):
        kind = 'relu' if l == L else 'sigmoid'  #! kind = 'sigmoid' if l == L else 'relu'
        A, c = linear_activation_forward(A, parameters['W%d' % l], parameters['b%d' % l], kind)
        caches.append(c)
    return A, caches
=== L_model_forward: name
def L_model_forward(X, parameters):
    caches = []
    A = X
    L = len(parameters) // 2
    for l in range(1, L):
        A_prev = A
        A, cache = linear_activation_forward(X, parameters['W' + str(l)], parameters['b' + str(l)], activation='relu')  #! A, cache = linear_activation_forward(A_prev, parameters['W' + str(l)], parameters['b' + str(l)], activation='relu')
        caches.append(cache)
    AL, cache = linear_activation_forward(A, parameters['W' + str(L)], parameters['b' + str(L)], activation='sigmoid')
    caches.append(cache)
    return AL, caches
=== L_model_forward: name
def L_model_forward(X, parameters):
    caches = []
    A = X
    L = len(parameters) // 2
    for l in range(1, L):
        A_prev = A
        A, cache = linear_activation_forward(A_prev, parameters['W' + str(l)], parameters['b' + str(l)], activation='relu')
        caches.append(cache)
    AL, cache = linear_activation_forward(A_prev, parameters['W' + str(L)], parameters['b' + str(L)], activation='sigmoid')  #! AL, cache = linear_activation_forward(A, parameters['W' + str(L)], parameters['b' + str(L)], activation='sigmoid')
    caches.append(cache)
    return AL, caches
=== L_model_forward: range
def L_model_forward(X, parameters):
    caches, A = [], X
    L = len(parameters) // 2
    for l in range(1, L - 1):  #! for l in range(1, L):
        A, c = linear_activation_forward(A, parameters[f'W{l}'], parameters[f'b{l}'], 'relu')
        caches.append(c)
    AL, c = linear_activation_forward(A, parameters[f'W{L}'], parameters[f'b{L}'], 'sigmoid')
    return AL, caches + [c]
=== L_model_forward: statement
def L_model_forward(X, parameters):
    caches, A = [], X
    L = len(parameters) // 2
    for l in range(1, L):
        A, c = linear_activation_forward(A, parameters[f'W{l}'], parameters[f'b{l}'], 'relu')
        caches.append(c)
    AL, c = linear_activation_forward(A, parameters[f'W{L}'], parameters[f'b{L}'], 'sigmoid')  #! AL, c = linear_activation_forward(A, parameters[f'W{L}'], parameters[f'b{L}'], 'sigmoid'); caches.append(c)
    return AL, caches
=== L_model_backward: sign
def L_model_backward(AL, Y, caches):
    dAL = np.divide(Y, AL) - np.divide(1 - Y, 1 - AL)  #! dAL = -(np.divide(Y, AL) - np.divide(1 - Y, 1 - AL))
    return rest(dAL, caches)
=== L_model_backward: sign
def L_model_backward(AL, Y, caches):
    dAL = -Y / AL - (1 - Y) / (1 - AL)  #! dAL = -Y / AL + (1 - Y) / (1 - AL)
    return rest(dAL, caches)
=== L_model_backward: sign
def L_model_backward(AL, Y, caches):
    dAL = -(np.divide(Y, AL) + np.divide(1 - Y, 1 - AL))  #! dAL = -(np.divide(Y, AL) - np.divide(1 - Y, 1 - AL))
    return rest(dAL, caches)
=== L_model_backward: sign
def L_model_backward(AL, Y, caches):
    dAL = (Y - AL) / (AL * (1 - AL))  #! dAL = (AL - Y) / (AL * (1 - AL))
    return rest(dAL, caches)
=== L_model_backward: over_m
def L_model_backward(AL, Y, caches):
    m = Y.shape[1]
    dAL = -1 / m * (np.divide(Y, AL) - np.divide(1 - Y, 1 - AL))  #! dAL = -(np.divide(Y, AL) - np.divide(1 - Y, 1 - AL))
    return rest(dAL, caches)
=== L_model_backward: over_m
def L_model_backward(AL, Y, caches):
    dAL = -(np.divide(Y, AL) - np.divide(1 - Y, 1 - AL))
    dAL = dAL / Y.shape[1]  #!
    return rest(dAL, caches)
=== L_model_backward: over_m
def L_model_backward(AL, Y, caches):
    m = AL.shape[1]
    first = Y / AL
    second = (1 - Y) / (1 - AL)
    dAL = (second - first) / m  #! dAL = second - first
    grads = rest(dAL, caches)
    return grads
=== L_model_backward: formula
def L_model_backward(AL, Y, caches):
    dAL = AL - Y  #! dAL = -(np.divide(Y, AL) - np.divide(1 - Y, 1 - AL))
    return rest(dAL, caches)
=== L_model_backward: formula
def slope(prediction, target):
    return prediction - target  #! return -(target / prediction) + (1 - target) / (1 - prediction)
def L_model_backward(AL, Y, caches):
    return rest(slope(AL, Y), caches)
=== L_model_backward: order
def L_model_backward(AL, Y, caches):
    dAL = -(AL / Y - (1 - AL) / (1 - Y))  #! dAL = -(Y / AL - (1 - Y) / (1 - AL))
    return rest(dAL, caches)
=== L_model_backward: name
def L_model_backward(AL, Y, caches):
    dAL = -(Y / AL - (1 - Y) / (1 - AL))
    return rest(AL, caches)  #! return rest(dAL, caches)
=== L_model_backward: constant
def L_model_backward(AL, Y, caches):
    grads, L = {}, len(caches)
    dA = -(Y / AL - (1 - Y) / (1 - AL))
    for l in reversed(range(L)):
        kind = "sigmoid" if l == L - 1 else "sigmoid"  #! kind = "sigmoid" if l == L - 1 else "relu"
        dA, grads[f"dW{l + 1}"], grads[f"db{l + 1}"] = linear_activation_backward(dA, caches[l], kind)
        grads[f"dA{l}"] = dA
    return grads
=== L_model_backward: name key
def L_model_backward(AL, Y, caches):
    grads, L = {}, len(caches)
    dAL = -(Y / AL - (1 - Y) / (1 - AL))
    grads["dA" + str(L-1)], grads["dW" + str(L)], grads["db" + str(L)] = linear_activation_backward(dAL, caches[-1], "sigmoid")
    for l in reversed(range(L-1)):
        a, w, b = linear_activation_backward(dAL, caches[l], "relu")  #! a, w, b = linear_activation_backward(grads["dA" + str(l + 1)], caches[l], "relu")
        grads["dA" + str(l)], grads["dW" + str(l + 1)], grads["db" + str(l + 1)] = a, w, b
    return grads
=== L_model_backward: key index
def L_model_backward(AL, Y, caches):
    grads, L = {}, len(caches)
    dAL = -(Y / AL - (1 - Y) / (1 - AL))
    grads["dA" + str(L-1)], grads["dW" + str(L)], grads["db" + str(L)] = linear_activation_backward(dAL, caches[-1], "sigmoid")
    for l in reversed(range(L-1)):
        a, w, b = linear_activation_backward(grads["dA" + str(L - 1)], caches[l], "relu")  #! a, w, b = linear_activation_backward(grads["dA" + str(l + 1)], caches[l], "relu")
        grads["dA" + str(l)], grads["dW" + str(l + 1)], grads["db" + str(l + 1)] = a, w, b
    return grads
=== L_model_backward: key index
def L_model_backward(AL, Y, caches):
    grads, L = {}, len(caches)
    dA = -(Y / AL - (1 - Y) / (1 - AL))
    for l in range(L, 0, -1):
        out = linear_activation_backward(dA, caches[l - 1], "sigmoid" if l == L else "relu")
        grads["dA" + str(l - 1)], grads["dW" + str(l - 1)], grads["db" + str(l)] = out  #! grads["dA" + str(l - 1)], grads["dW" + str(l)], grads["db" + str(l)] = out
        dA = out[0]
    return grads
=== L_model_backward: index
def L_model_backward(AL, Y, caches):
    grads, L = {}, len(caches)
    dA = -(Y / AL - (1 - Y) / (1 - AL))
    for l in reversed(range(L)):
        cache = caches[l - 1]  #! cache = caches[l]
        dA, grads[f"dW{l+1}"], grads[f"db{l+1}"] = linear_activation_backward(dA, cache, "sigmoid" if l == L - 1 else "relu")
        grads[f"dA{l}"] = dA
    return grads
=== L_model_backward: range
def L_model_backward(AL, Y, caches):
    grads, L = {}, len(caches)
    dA = -(Y / AL - (1 - Y) / (1 - AL))
    for l in reversed(range(1, L)):  #! for l in reversed(range(L)):
        dA, grads[f"dW{l+1}"], grads[f"db{l+1}"] = linear_activation_backward(dA, caches[l], "sigmoid" if l == L - 1 else "relu")
        grads[f"dA{l}"] = dA
    return grads
=== L_model_backward: range
def L_model_backward(AL, Y, caches):
    grads, l = {}, len(caches)
    dA = -(Y / AL - (1 - Y) / (1 - AL))
    while l > 1:  #! while l > 0:
        dA, grads[f"dW{l}"], grads[f"db{l}"] = linear_activation_backward(dA, caches[l - 1], "sigmoid" if l == len(caches) else "relu")
        l -= 1
        grads[f"dA{l}"] = dA
    return grads
=== L_model_backward: call
def back(dA, caches, l, grads):
    if l < 0:
        return grads
    dA, w, b = linear_activation_backward(dA, caches[l], "relu" if l == len(caches) - 1 else "sigmoid")  #! dA, w, b = linear_activation_backward(dA, caches[l], "sigmoid" if l == len(caches) - 1 else "relu")
    grads.update({f"dA{l}": dA, f"dW{l+1}": w, f"db{l+1}": b})
    return back(dA, caches, l - 1, grads)
def L_model_backward(AL, Y, caches):
    return back(-(Y / AL - (1 - Y) / (1 - AL)), caches, len(caches) - 1, {})
=== update_parameters: sign
def update_parameters(parameters, grads, learning_rate):
    return {k: v + learning_rate * grads['d' + k] for k, v in parameters.items()}  #! return {k: v - learning_rate * grads['d' + k] for k, v in parameters.items()}
=== update_parameters: sign
def update_parameters(parameters, grads, learning_rate):
    for l in range(1, len(parameters) // 2 + 1):
        parameters['W' + str(l)] += learning_rate * grads['dW' + str(l)]  #! parameters['W' + str(l)] -= learning_rate * grads['dW' + str(l)]
        parameters['b' + str(l)] -= learning_rate * grads['db' + str(l)]
    return parameters
=== update_parameters: add
def update_parameters(parameters, grads, learning_rate):
    for l in range(1, len(parameters) // 2 + 1):
        parameters['W' + str(l)] -= grads['dW' + str(l)]  #! parameters['W' + str(l)] -= learning_rate * grads['dW' + str(l)]
        parameters['b' + str(l)] -= learning_rate * grads['db' + str(l)]
    return parameters
=== update_parameters: range
def update_parameters(parameters, grads, learning_rate):
    L = len(parameters) // 2
    for l in range(L - 1):  #! for l in range(L):
        parameters['W' + str(l + 1)] = parameters['W' + str(l + 1)] - learning_rate * grads['dW' + str(l + 1)]
        parameters['b' + str(l + 1)] = parameters['b' + str(l + 1)] - learning_rate * grads['db' + str(l + 1)]
    return parameters
=== update_parameters: statement
def update_parameters(parameters, grads, learning_rate):
    L = len(parameters) // 2
    for l in range(L):
        parameters['W' + str(l + 1)] = parameters['W' + str(l + 1)] - learning_rate * grads['dW' + str(l + 1)]  #! parameters['W' + str(l + 1)] = parameters['W' + str(l + 1)] - learning_rate * grads['dW' + str(l + 1)]; parameters['b' + str(l + 1)] = parameters['b' + str(l + 1)] - learning_rate * grads['db' + str(l + 1)]
    return parameters
=== update_parameters: name
def update_parameters(parameters, grads, learning_rate):
    for k in parameters:
        parameters[k] = parameters[k] - alpha * grads['d' + k]  #! parameters[k] = parameters[k] - learning_rate * grads['d' + k]
    return parameters
"""

MARK = re.compile(r"^(?P<wrong>\s*.*?)\s*#!(?P<right>.*)$")


def cases() -> Iterator[Any]:
    counts: dict[str, int] = {}
    for block in re.split(r"^=== ", CORPUS, flags=re.MULTILINE)[1:]:
        head, body = block.split("\n", 1)
        name = re.sub(r"\W+", "-", head)
        counts[name] = counts.get(name, 0) + 1
        function, families = head.split(": ")
        yield pytest.param(function, tuple(families.split()), body, id=f"{name}-{counts[name]}")


def versions(body: str) -> tuple[str, str, set[int]]:
    """The wrong text, the right text, and the wrong lines."""
    wrong, right, lines = [], [], set()
    for number, line in enumerate(body.rstrip("\n").split("\n"), 1):
        match = MARK.match(line)
        if match:
            lines.add(number)
            indent = line[: len(line) - len(line.lstrip())]
            new = match["right"].strip().replace("\\n", "\n") or "pass"
            wrong.append(match["wrong"])
            right.append(indent + new)
        else:
            wrong.append(line)
            right.append(line)
    return "\n".join(wrong), "\n".join(right), lines


def definitions(text: str) -> list[Definition]:
    made = []
    for node in ast.parse(text).body:
        lines = text.split("\n")[node.lineno - 1 : node.end_lineno]
        names: tuple[str, ...]
        if isinstance(node, ast.FunctionDef):
            names, kind = (node.name,), "function"
        elif isinstance(node, ast.Import):
            names, kind = tuple(alias.asname or alias.name for alias in node.names), "import"
        else:
            assert isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
            names, kind = (node.targets[0].id,), "value"
        made.append(Definition(names, "\n".join(lines), 0, node.lineno, kind))  # type: ignore[arg-type]
    return made


# ------------------------------------------------------------------------------------- right helpers


def sigmoid(Z: Any) -> Any:
    return 1 / (1 + np.exp(-Z)), Z


def relu(Z: Any) -> Any:
    return np.maximum(0, Z), Z


def linear_forward(A: Any, W: Any, b: Any) -> Any:
    return W @ A + b, (A, W, b)


def linear_activation_forward(A: Any, W: Any, b: Any, activation: str) -> Any:
    Z = W @ A + b
    return {"sigmoid": sigmoid, "relu": relu}[activation](Z)[0], ((A, W, b), Z)


def linear_activation_backward(dA: Any, cache: Any, activation: str) -> Any:
    (A, W, _), Z = cache
    s = sigmoid(Z)[0]
    dZ = dA * s * (1 - s) if activation == "sigmoid" else dA * (Z > 0)
    return W.T @ dZ, dZ @ A.T / dZ.shape[1], dZ.mean(1, keepdims=True)


def rest(dAL: Any, caches: Any) -> Any:
    grads, dA, L = {}, dAL, len(caches)
    for l in reversed(range(L)):
        dA, dW, db = linear_activation_backward(dA, caches[l], "sigmoid" if l == L - 1 else "relu")
        grads.update({f"dA{l}": dA, f"dW{l + 1}": dW, f"db{l + 1}": db})
    return grads


HELPERS = {
    f.__name__: f
    for f in (sigmoid, relu, linear_forward, linear_activation_forward, linear_activation_backward, rest)
}


def network(seed: int, sizes: tuple[int, ...], m: int) -> Any:
    rng = np.random.default_rng(seed)
    parameters = {}
    for l in range(1, len(sizes)):
        parameters[f"W{l}"] = rng.normal(size=(sizes[l], sizes[l - 1]))
        parameters[f"b{l}"] = rng.normal(size=(sizes[l], 1))
    A, caches, X = rng.normal(size=(sizes[0], m)), [], None
    X, L = A, len(sizes) - 1
    for l in range(1, L + 1):
        kind = "sigmoid" if l == L else "relu"
        A, cache = linear_activation_forward(A, parameters[f"W{l}"], parameters[f"b{l}"], kind)
        caches.append(cache)
    Y = rng.uniform(0.2, 0.8, size=A.shape)
    return rng, X, A, Y, parameters, caches


def inputs(function: str) -> Iterator[tuple[Any, ...]]:
    for seed, (sizes, m) in enumerate((((5, 4, 3, 1), 7), ((4, 4, 4, 1), 11), ((3, 1), 5))):
        rng, X, AL, Y, parameters, caches = network(seed, sizes, m)
        (A, W, b), Z = caches[0]
        dZ = rng.normal(size=Z.shape)
        grads = {f"d{key}": rng.normal(size=value.shape) for key, value in parameters.items()}
        yield {
            "linear_forward": (A, W, b),
            "linear_activation_forward": (A, W, b, ("relu", "sigmoid", "relu")[seed]),
            "L_model_forward": (X, parameters),
            "compute_cost": (AL, Y),
            "linear_backward": (dZ, (A, W, b)),
            "sigmoid_backward": (dZ, Z),
            "relu_backward": (dZ, Z),
            "L_model_backward": (AL, Y, caches),
            "update_parameters": (parameters, grads, 0.37),
        }[function]


def copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: copied(inner) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(copied(inner) for inner in value)
    return value.copy() if isinstance(value, np.ndarray) else value


def results(made: list[Definition], function: str) -> list[Any]:
    """What the function gives on each input: a value, or the name of an exception."""
    space: dict[str, Any] = {"np": np, **HELPERS}
    try:
        for definition in made:
            exec(definition.source, space)
    except Exception as error:
        return [type(error).__name__] * 3
    found = []
    for arguments in inputs(function):
        try:
            with np.errstate(all="ignore"):
                found.append(space[function](*copied(arguments)))
        except Exception as error:
            found.append(type(error).__name__)
    return found


def equal(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    if isinstance(one, tuple | list) and isinstance(other, tuple | list):
        return len(one) == len(other) and all(map(equal, one, other))
    if isinstance(one, str | None) or isinstance(other, str | None):
        return bool(one is other)
    if isinstance(one, tuple | list | dict) or isinstance(other, tuple | list | dict):
        return False
    return np.shape(one) == np.shape(other) and bool(np.allclose(one, other, rtol=1e-9, atol=1e-12))


def with_proposal(made: list[Definition], proposal: Proposal) -> list[Definition]:
    old = made[proposal.definition]
    new = Definition(old.binds, proposal.source, old.cell, old.line, old.kind)
    return [*made[: proposal.definition], new, *made[proposal.definition + 1 :]]


def first_sufficient(wrong: str, right: str, request: RepairRequest) -> tuple[Proposal | None, int]:
    made = definitions(wrong)
    wanted = results(definitions(right), request.function)
    assert not equal(results(made, request.function), wanted), "the case is not wrong"
    assert not any(isinstance(value, str) for value in wanted), f"the right version raises {wanted}"
    proposals = propose(made, request)
    check: Callable[[Proposal], bool] = lambda p: equal(
        results(with_proposal(made, p), request.function), wanted
    )
    return next((p for p in proposals if check(p)), None), len(proposals)


@pytest.mark.parametrize(("function", "families", "body"), list(cases()))
def test_the_first_sufficient_proposal_is_at_the_wrong_line(
    function: str, families: tuple[str, ...], body: str
) -> None:
    wrong, right, lines = versions(body)
    found, count = first_sufficient(
        wrong, right, RepairRequest(function, families, (DAL, COST, LOSS, f"-({LOSS})"))
    )
    assert found is not None, f"none of {count} proposals mends it"
    assert found.line in lines, f"{found.text} ({found.family}) {found.source}"
    assert found.text == wrong.split("\n")[found.line - 1].strip()
