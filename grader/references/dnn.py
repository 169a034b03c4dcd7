"""The reference solution of "Building your Deep Neural Network: Step by Step".

Convention L of docs/conventions.md: dAL = ∂L/∂AL without 1/m; the 1/m of J = (1/m) Σ L enters in dW, db.
Shapes: A is (n, m), W is (n, n_prev), b is (n, 1). Written in small steps for the misconceptions' edits.
"""

import numpy as np


def sigmoid(Z):
    A = 1 / (1 + np.exp(-Z))
    cache = Z
    return A, cache


def relu(Z):
    A = np.maximum(0, Z)
    cache = Z
    return A, cache


def sigmoid_backward(dA, cache):
    Z = cache
    s = 1 / (1 + np.exp(-Z))
    slope = s * (1 - s)
    dZ = dA * slope
    return dZ


def relu_backward(dA, cache):
    Z = cache
    gate = Z > 0
    dZ = dA * gate
    return dZ


def initialize_parameters(n_x, n_h, n_y):
    W1 = np.random.randn(n_h, n_x) * 0.01
    b1 = np.zeros((n_h, 1))
    W2 = np.random.randn(n_y, n_h) * 0.01
    b2 = np.zeros((n_y, 1))
    return {"W1": W1, "b1": b1, "W2": W2, "b2": b2}


def initialize_parameters_deep(layer_dims):
    parameters = {}
    L = len(layer_dims)
    for l in range(1, L):
        n, n_prev = layer_dims[l], layer_dims[l - 1]
        parameters[f"W{l}"] = np.random.randn(n, n_prev) * 0.01
        parameters[f"b{l}"] = np.zeros((n, 1))
    return parameters


def linear_forward(A, W, b):
    product = W @ A
    Z = product + b
    cache = (A, W, b)
    return Z, cache


def linear_activation_forward(A_prev, W, b, activation):
    Z, linear_cache = linear_forward(A_prev, W, b)
    if activation == "sigmoid":
        A, activation_cache = sigmoid(Z)
    elif activation == "relu":
        A, activation_cache = relu(Z)
    cache = (linear_cache, activation_cache)
    return A, cache


def L_model_forward(X, parameters):
    caches = []
    A = X
    L = len(parameters) // 2
    hidden = range(1, L)
    for l in hidden:
        A_prev = A
        A, cache = linear_activation_forward(A_prev, parameters[f"W{l}"], parameters[f"b{l}"], "relu")
        caches.append(cache)
    AL, cache = linear_activation_forward(A, parameters[f"W{L}"], parameters[f"b{L}"], "sigmoid")
    caches += [cache]
    return AL, caches


def compute_cost(AL, Y):
    m = Y.shape[1]
    first = Y * np.log(AL)
    second = (1 - Y) * np.log(1 - AL)
    losses = -(first + second)
    cost = np.sum(losses) / m
    return np.squeeze(cost)


def linear_backward(dZ, cache):
    A_prev, W, b = cache
    m = A_prev.shape[1]
    dW_sum = dZ @ A_prev.T
    db_sum = np.sum(dZ, axis=1, keepdims=True)
    dW = dW_sum / m
    db = db_sum / m
    dA_prev = W.T @ dZ
    return dA_prev, dW, db


def linear_activation_backward(dA, cache, activation):
    linear_cache, activation_cache = cache
    if activation == "relu":
        dZ = relu_backward(dA, activation_cache)
    elif activation == "sigmoid":
        dZ = sigmoid_backward(dA, activation_cache)
    dA_prev, dW, db = linear_backward(dZ, linear_cache)
    return dA_prev, dW, db


def L_model_backward(AL, Y, caches):
    grads = {}
    L = len(caches)
    m = AL.shape[1]
    Y = Y.reshape(AL.shape)
    first = Y / AL
    second = (1 - Y) / (1 - AL)
    slope = -(first - second)
    dAL = slope
    last_cache = caches[L - 1]
    dA_prev, dW, db = linear_activation_backward(dAL, last_cache, "sigmoid")
    grads[f"dA{L - 1}"] = dA_prev
    grads[f"dW{L}"] = dW
    grads[f"db{L}"] = db
    hidden = reversed(range(L - 1))
    for l in hidden:
        current_cache = caches[l]
        dA = grads[f"dA{l + 1}"]
        dA_prev, dW, db = linear_activation_backward(dA, current_cache, "relu")
        grads[f"dA{l}"] = dA_prev
        grads[f"dW{l + 1}"] = dW
        grads[f"db{l + 1}"] = db
    return grads


def update_parameters(parameters, grads, learning_rate):
    parameters = dict(parameters)
    L = len(parameters) // 2
    layers = range(1, L + 1)
    for l in layers:
        W, b = parameters[f"W{l}"], parameters[f"b{l}"]
        dW, db = grads[f"dW{l}"], grads[f"db{l}"]
        parameters[f"W{l}"] = W - learning_rate * dW
        parameters[f"b{l}"] = b - learning_rate * db
    return parameters
