"""The reference solution of "Logistic Regression with a Neural Network mindset".

X is (n, m): examples are columns. w is (n, 1), b is a number, A and Y are (1, m). J is the mean of the losses, so
dw and db have its 1/m. Written in small steps for the misconceptions' edits.
"""

import numpy as np


def sigmoid(z):
    s = 1 / (1 + np.exp(-z))
    return s


def initialize_with_zeros(dim):
    w = np.zeros((dim, 1))
    b = 0.0
    return w, b


def propagate(w, b, X, Y):
    m = X.shape[1]
    product = w.T @ X
    z = product + b
    A = sigmoid(z)
    first = Y * np.log(A)
    second = (1 - Y) * np.log(1 - A)
    losses = -(first + second)
    cost = np.sum(losses) / m
    dz = A - Y
    dw_sum = X @ dz.T
    db_sum = np.sum(dz)
    dw = dw_sum / m
    db = db_sum / m
    grads = {"dw": dw, "db": db}
    return grads, np.squeeze(cost)


def optimize(w, b, X, Y, num_iterations=100, learning_rate=0.009, print_cost=False):
    costs = []
    rounds = range(num_iterations)
    for i in rounds:
        grads, cost = propagate(w, b, X, Y)
        dw, db = grads["dw"], grads["db"]
        w = w - learning_rate * dw
        b = b - learning_rate * db
        if i % 100 == 0:
            costs.append(cost)
    params = {"w": w, "b": b}
    grads = {"dw": dw, "db": db}
    return params, grads, costs


def predict(w, b, X):
    n, m = X.shape
    w = w.reshape(n, 1)
    product = w.T @ X
    z = product + b
    A = sigmoid(z)
    Y_prediction = (A > 0.5) * 1.0
    return Y_prediction
